import type { Fleet } from '../profile/profile.ts'

/** Asked for a connection; told when one of the fleet's slots is free. */
export interface Connecting {
  beginConnect(nowMs: number): void
}

/** What all devices of one fleet in a shard share: counters, and the gate that bounds connections being made. */
export class FleetRuntime {
  readonly index: number
  readonly fleet: Fleet
  generated = 0
  notSent = 0
  sent = 0
  sentQos0 = 0
  acked = 0
  rejected = 0
  behind = 0
  connected = 0
  everConnected = 0
  connectFailures = 0
  disconnects = 0
  reconnects = 0
  received = 0
  waiting = 0
  ackedWithoutSubscriber = 0
  #connecting = 0
  #queue: Connecting[] = []
  #head = 0

  constructor(index: number, fleet: Fleet) {
    this.index = index
    this.fleet = fleet
  }

  /** Connects now, or as soon as fewer than `connect.inFlight` connections are being made. */
  requestConnect(device: Connecting, nowMs: number): void {
    if (this.#connecting < this.fleet.connect.inFlight) {
      this.#connecting += 1
      device.beginConnect(nowMs)
    } else this.#queue.push(device)
  }

  /** To be called once for every `beginConnect`, when that attempt has ended either way. */
  connectEnded(nowMs: number): void {
    const next = this.#queue[this.#head]
    if (next === undefined) {
      this.#connecting -= 1
      return
    }
    this.#head += 1
    if (this.#head === this.#queue.length) {
      this.#queue = []
      this.#head = 0
    }
    next.beginConnect(nowMs)
  }
}
