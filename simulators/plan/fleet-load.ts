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

/** What the plan asks of one fleet, or of `devices` of its devices chosen evenly, over time. */
export class FleetLoad {
  readonly name: string
  readonly devices: number
  /** Of the whole fleet: a share connects at the times it would connect in any other. */
  readonly plan: ConnectPlan
  readonly #count: number
  readonly #timeline: Timeline
  readonly #entries: EntryLoad[]

  constructor(fleet: Fleet, timeline: Timeline, devices = fleet.count) {
    this.name = fleet.name
    this.devices = devices
    this.#count = fleet.count
    this.plan = connectPlan(fleet, timeline)
    this.#timeline = timeline
    this.#entries = fleet.publish.map((publish) => ({
      rateHz: ratePerDeviceHz(publish),
      limit: publish.limit ?? Number.POSITIVE_INFINITY,
      qosShares: qosShares(publish.qos),
    }))
  }

  /** The most of its devices that are connected at a time. */
  get peakConnected(): number {
    return this.#part(this.plan.peak)
  }

  /** The most of its devices that the stages ask to be connected at a time. */
  get peakWanted(): number {
    const shares = this.#timeline.spans.flatMap((span) => [span.startShare, span.endShare])
    return this.#part(Math.round(this.#count * Math.max(0, ...shares)))
  }

  /** Devices that are meant to be connected at a time. */
  connectedAt(timeMs: number): number {
    return Math.round((this.plan.connectedAt(timeMs) * this.devices) / this.#count)
  }

  /** Messages per second of one device at factor 1. */
  get ratePerDeviceHz(): number {
    return this.#entries.reduce((sum, entry) => sum + entry.rateHz, 0)
  }

  /** Messages per second that are due at a time; `factor` overrides that of the stage. */
  targetRateHz(timeMs: number, factor = this.#timeline.rateFactorAt(timeMs)): number {
    let rateHz = 0
    for (const entry of this.#entries) rateHz += entry.rateHz * this.#publishingAt(timeMs, entry)
    return (rateHz * factor * this.devices) / this.#count
  }

  /** Messages per second at each QoS at a time. */
  targetRateByQos(timeMs: number, factor: number): [number, number, number] {
    const rates: [number, number, number] = [0, 0, 0]
    const scale = (factor * this.devices) / this.#count
    for (const entry of this.#entries) {
      const rateHz = entry.rateHz * this.#publishingAt(timeMs, entry) * scale
      for (const qos of [0, 1, 2] as const) rates[qos] += rateHz * entry.qosShares[qos]
    }
    return rates
  }

  /** Messages that are due from one time to another, as an expected value. */
  messagesBetween(fromMs: number, toMs: number): number {
    if (this.#entries.length === 0) return 0
    const step = Math.max(1, Math.ceil(this.#count / MOST_DEVICES_ASKED))
    let messages = 0
    for (let first = 0; first < this.#count; first += step) {
      const standsFor = Math.min(step, this.#count - first)
      const device = first + (standsFor >> 1)
      messages += standsFor * (this.#messagesOf(device, toMs) - this.#messagesOf(device, fromMs))
    }
    return (messages * this.devices) / this.#count
  }

  /** The part of so many devices of the fleet, rounded up. */
  #part(devices: number): number {
    return Math.ceil((devices * this.devices) / this.#count)
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
