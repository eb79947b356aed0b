import type { StreamSpace } from './stream-space.ts'
import type { ObservedStream, StreamId } from './types.ts'

/** Finds what was observed of a stream, once; what nobody asked for remains. */
export class ObservedIndex {
  private readonly space: StreamSpace
  private readonly streams = new Map<number, ObservedStream>()

  constructor(space: StreamSpace, streams: Iterable<ObservedStream>) {
    this.space = space
    for (const stream of streams) this.streams.set(this.keyOf(stream), stream)
  }

  /** Whether messages of this stream carry a marker that the observer could know them by. */
  canHold(id: StreamId): boolean {
    return this.slotOf(id) >= 0
  }

  take(id: StreamId): ObservedStream | undefined {
    if (!this.canHold(id)) return undefined
    const key = this.keyOf(id)
    const stream = this.streams.get(key)
    if (stream !== undefined) this.streams.delete(key)
    return stream
  }

  rest(): Iterable<ObservedStream> {
    return this.streams.values()
  }

  private slotOf({ device, publish, qos }: StreamId): number {
    return this.space.slotOf(this.space.fleetOf(device), device, publish, qos)
  }

  private keyOf(id: StreamId): number {
    return id.epoch * this.space.slots + this.slotOf(id)
  }
}
