import type { Fleet, Profile, QoS } from '../profile/profile.ts'

/** No device sends more in one stream, so that sequence numbers stay small integers: 50,000 a second for 11 hours. */
export const MAX_SEQ = 2 ** 31 - 1
/** Times a device may start counting anew. */
export const MAX_EPOCHS = 256

const QOS_LEVELS = 3

/** One entry of a publish list: the QoS levels its messages may have, and how many each device sends at most. */
export interface PublishSpace {
  qos: readonly QoS[]
  limit: number
}

/** The streams that the devices of one fleet can have, not counting epochs. */
export interface FleetSpace {
  firstDevice: number
  devices: number
  publishes: readonly PublishSpace[]
  firstSlot: number
  slotsPerDevice: number
  /** Slot within the device for publish * 3 + qos; -1 where no such stream exists. */
  offsets: Int32Array
}

/** A place of the stream table in words. */
export interface SlotName {
  device: number
  publish: number
  qos: QoS
}

/**
 * Every (device, publish, QoS) that a profile can produce, numbered from 0 without gaps: an observer finds its
 * ledger by arithmetic, and whoever sends us forged markers cannot make us create more than the profile could.
 */
export class StreamSpace {
  readonly fleets: readonly FleetSpace[]
  readonly devices: number
  /** Streams that can exist, not counting epochs. */
  readonly slots: number

  constructor(fleets: readonly { devices: number; publishes: readonly PublishSpace[] }[]) {
    const spaces: FleetSpace[] = []
    let firstDevice = 0
    let firstSlot = 0
    for (const { devices, publishes } of fleets) {
      const offsets = new Int32Array(publishes.length * QOS_LEVELS).fill(-1)
      let slotsPerDevice = 0
      publishes.forEach((entry, publish) => {
        for (const qos of entry.qos) offsets[publish * QOS_LEVELS + qos] = slotsPerDevice++
      })
      spaces.push({ firstDevice, devices, publishes, firstSlot, slotsPerDevice, offsets })
      firstDevice += devices
      firstSlot += devices * slotsPerDevice
    }
    this.fleets = spaces
    this.devices = firstDevice
    this.slots = firstSlot
  }

  /** Fleet that a device belongs to, or -1: devices are numbered over all fleets in the order of the profile. */
  fleetOf(device: number): number {
    if (!(device >= 0 && device < this.devices) || !Number.isInteger(device)) return -1
    for (let fleet = 0; fleet < this.fleets.length; fleet++) {
      const space = this.fleets[fleet]
      if (space !== undefined && device < space.firstDevice + space.devices) return fleet
    }
    return -1
  }

  /** Slot of a stream of `fleet`, or -1 when no device there has such a publish entry or QoS. */
  slotOf(fleet: number, device: number, publish: number, qos: number): number {
    const space = this.fleets[fleet]
    if (space === undefined || qos >= QOS_LEVELS) return -1
    const offset = space.offsets[publish * QOS_LEVELS + qos] ?? -1
    return offset < 0 ? -1 : space.firstSlot + (device - space.firstDevice) * space.slotsPerDevice + offset
  }

  /** Names slot number `slot`: the inverse of `slotOf`. */
  nameOf(slot: number): SlotName | undefined {
    const space = this.fleets.findLast((fleet) => fleet.firstSlot <= slot && fleet.slotsPerDevice > 0)
    if (space === undefined) return undefined
    const device = space.firstDevice + Math.floor((slot - space.firstSlot) / space.slotsPerDevice)
    let offset = (slot - space.firstSlot) % space.slotsPerDevice
    for (const [publish, entry] of space.publishes.entries()) {
      const qos = entry.qos[offset]
      if (qos !== undefined) return { device, publish, qos }
      offset -= entry.qos.length
    }
    return undefined
  }
}

/** The streams of a profile that carry a marker; the others cannot be judged. */
export function streamSpaceOf(profile: Profile): StreamSpace {
  return new StreamSpace(
    profile.fleets.map((fleet) => ({ devices: fleet.count, publishes: fleet.publish.map(publishSpaceOf) })),
  )
}

function publishSpaceOf({ qos, limit, marker }: Fleet['publish'][number]): PublishSpace {
  return { qos: marker === 'none' ? [] : levelsOf(qos), limit: Math.min(limit ?? MAX_SEQ, MAX_SEQ) }
}

function levelsOf(qos: QoS | readonly [number, number, number]): QoS[] {
  if (typeof qos === 'number') return [qos]
  const levels: QoS[] = [0, 1, 2]
  return levels.filter((level) => (qos[level] ?? 0) > 0)
}
