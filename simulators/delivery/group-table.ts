import { emptyGroup, type StreamGroup } from './stream-group.ts'
import type { StreamSpace } from './stream-space.ts'
import type { StreamId } from './types.ts'

/** Publish entries of a fleet and QoS levels, both at most. */
const PUBLISHES = 64
const QOS_LEVELS = 3

/** The groups of a run, made as streams turn up. */
export class GroupTable {
  private readonly space: StreamSpace
  private readonly groups = new Map<number, StreamGroup>()

  constructor(space: StreamSpace) {
    this.space = space
  }

  get list(): StreamGroup[] {
    return [...this.groups.values()]
  }

  /** The group of a stream, or undefined for a device that the profile does not have. */
  of(stream: StreamId): StreamGroup | undefined {
    const fleet = this.space.fleetOf(stream.device)
    if (fleet < 0) return undefined
    const key = this.keyOf(fleet, stream)
    const known = this.groups.get(key)
    if (known !== undefined) return known
    const group = emptyGroup(fleet, stream.publish, stream.qos)
    this.groups.set(key, group)
    return group
  }

  /** The group of a stream if one was made. */
  find(stream: StreamId): StreamGroup | undefined {
    return this.groups.get(this.keyOf(this.space.fleetOf(stream.device), stream))
  }

  private keyOf(fleet: number, { publish, qos }: StreamId): number {
    return (fleet * PUBLISHES + publish) * QOS_LEVELS + qos
  }
}
