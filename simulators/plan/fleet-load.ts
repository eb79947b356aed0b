import type { Fleet } from '../profile/profile.ts'
import { type ConnectPlan, connectPlan } from './arrivals.ts'
import { qosShares } from './qos-mix.ts'
import { ratePerDeviceHz } from './rate.ts'
import type { Timeline } from './timeline.ts'

/** Fleets beyond this size are judged by evenly chosen devices, each standing for its neighbours. */
const MOST_DEVICES_ASKED = 10_000

interface EntryLoad {
  rateHz: number
  limit: number
  qosShares: readonly [number, number, number]
}

/** What the plan asks of one fleet over time. */
export class FleetLoad {
  readonly name: string
  readonly devices: number
  readonly plan: ConnectPlan
  readonly #timeline: Timeline
  readonly #entries: EntryLoad[]

  constructor(fleet: Fleet, timeline: Timeline) {
    this.name = fleet.name
    this.devices = fleet.count
    this.plan = connectPlan(fleet, timeline)
    this.#timeline = timeline
    this.#entries = fleet.publish.map((publish) => ({
      rateHz: ratePerDeviceHz(publish),
      limit: publish.limit ?? Number.POSITIVE_INFINITY,
      qosShares: qosShares(publish.qos),
    }))
  }

  /** Messages per second of one device at factor 1. */
  get ratePerDeviceHz(): number {
    return this.#entries.reduce((sum, entry) => sum + entry.rateHz, 0)
  }

  /** Messages per second that are due at a time; `factor` overrides that of the stage. */
  targetRateHz(timeMs: number, factor = this.#timeline.rateFactorAt(timeMs)): number {
    let rateHz = 0
    for (const entry of this.#entries) rateHz += entry.rateHz * this.#publishingAt(timeMs, entry)
    return rateHz * factor
  }

  /** Messages per second at each QoS at a time. */
  targetRateByQos(timeMs: number, factor: number): [number, number, number] {
    const rates: [number, number, number] = [0, 0, 0]
    for (const entry of this.#entries) {
      const rateHz = entry.rateHz * this.#publishingAt(timeMs, entry) * factor
      for (const qos of [0, 1, 2] as const) rates[qos] += rateHz * entry.qosShares[qos]
    }
    return rates
  }

  /** Messages that are due from one time to another, as an expected value. */
  messagesBetween(fromMs: number, toMs: number): number {
    if (this.#entries.length === 0) return 0
    const step = Math.max(1, Math.ceil(this.devices / MOST_DEVICES_ASKED))
    let messages = 0
    for (let first = 0; first < this.devices; first += step) {
      const standsFor = Math.min(step, this.devices - first)
      const device = first + (standsFor >> 1)
      messages += standsFor * (this.#messagesOf(device, toMs) - this.#messagesOf(device, fromMs))
    }
    return messages
  }

  /** Messages that one device has had due until a time. */
  #messagesOf(device: number, untilMs: number): number {
    let work = 0
    for (const span of this.plan.spansOf(device)) {
      if (span.connectMs >= untilMs) break
      work += this.#timeline.work(Math.min(span.disconnectMs, untilMs)) - this.#timeline.work(span.connectMs)
    }
    let messages = 0
    for (const entry of this.#entries) messages += Math.min(entry.limit, (work / 1_000) * entry.rateHz)
    return messages
  }

  /** Connected devices that have not reached the limit of an entry. */
  #publishingAt(timeMs: number, entry: EntryLoad): number {
    const connected = this.plan.connectedAt(timeMs)
    const workToLimit = (entry.limit / entry.rateHz) * 1_000
    const doneBefore = this.#timeline.work(timeMs) - workToLimit
    if (doneBefore < 0) return connected
    // Those that were connected so long ago have sent all they may.
    return Math.max(0, connected - this.plan.connectedAt(this.#timeline.timeOf(doneBefore)))
  }
}
