import { LatencyTally } from './latency-tally.ts'
import type { FleetTotals, ProbeSample, ShardSample } from './messages.ts'
import type { ShardRecord } from './shard-group.ts'

/** What a shard or the probe samples covers at most this much time, ms. */
const SAMPLE_SPAN_MS = 250

const NO_TOTALS: FleetTotals = {
  generated: 0,
  notSent: 0,
  sent: 0,
  sentQos0: 0,
  acked: 0,
  rejected: 0,
  behind: 0,
  connected: 0,
  everConnected: 0,
  connectFailures: 0,
  disconnects: 0,
  reconnects: 0,
  received: 0,
  waiting: 0,
  ackedWithoutSubscriber: 0,
}
// Every key by construction: an object literal of the type cannot leave one out, and Object.keys only loses its type.
const KEYS = Object.keys(NO_TOTALS) as (keyof FleetTotals)[]

export function addTotals(into: FleetTotals, from: FleetTotals): void {
  for (const key of KEYS) into[key] += from[key]
}

export function emptyTotals(): FleetTotals {
  return { ...NO_TOTALS }
}

/** What was sent and delivered when a warm-up ended, per fleet. */
interface Mark {
  sent: number[]
  delivered: number[]
}

/** Adds up what shards and probe report while a run goes on. A shard that died stays in the sums as it was last known. */
export class RunTally {
  readonly ack: LatencyTally
  readonly connect: LatencyTally
  readonly e2e: LatencyTally
  readonly e2eFromSent: LatencyTally
  readonly lateness: LatencyTally
  readonly #fleets: number
  readonly #warmUps: readonly number[]
  readonly #samples = new Map<number, ShardSample>()
  readonly #marks = new Map<number, Mark>()
  probe: ProbeSample | null = null

  constructor(fleets: number, warmUps: readonly number[]) {
    this.#fleets = fleets
    this.#warmUps = warmUps
    this.ack = new LatencyTally(fleets, warmUps)
    this.connect = new LatencyTally(fleets, warmUps)
    this.e2e = new LatencyTally(fleets, warmUps)
    this.e2eFromSent = new LatencyTally(fleets, warmUps)
    this.lateness = new LatencyTally(1, [])
  }

  addShard({ index }: ShardRecord, sample: ShardSample): void {
    const fromMs = sample.t - SAMPLE_SPAN_MS
    for (let fleet = 0; fleet < this.#fleets; fleet += 1) {
      this.ack.merge(fleet, sample.ack[fleet] ?? null, fromMs)
      this.connect.merge(fleet, sample.connect[fleet] ?? null, fromMs)
    }
    this.lateness.merge(0, sample.lateness, fromMs)
    this.#markWarmUps(sample.t)
    this.#samples.set(index, sample)
  }

  addProbe(sample: ProbeSample): void {
    this.probe = sample
  }

  /** Of one fleet over all shards. */
  totals(fleet: number): FleetTotals {
    const sum = emptyTotals()
    for (const sample of this.#samples.values()) {
      const totals = sample.fleets[fleet]
      if (totals) addTotals(sum, totals)
    }
    return sum
  }

  /** Of all fleets. */
  grandTotals(): FleetTotals {
    const sum = emptyTotals()
    for (let fleet = 0; fleet < this.#fleets; fleet += 1) addTotals(sum, this.totals(fleet))
    return sum
  }

  delivered(fleet: number): number {
    return this.probe?.delivered[fleet] ?? 0
  }

  missing(): number {
    return (this.probe?.missing ?? []).reduce((sum, count) => sum + count, 0)
  }

  allDelivered(): number {
    return (this.probe?.delivered ?? []).reduce((sum, count) => sum + count, 0)
  }

  /** What was sent and delivered before a warm-up ended. */
  before(warmUpMs: number, fleet: number): { sent: number; delivered: number } {
    const mark = this.#marks.get(warmUpMs)
    return { sent: mark?.sent[fleet] ?? 0, delivered: mark?.delivered[fleet] ?? 0 }
  }

  /** Gives the memory of all histograms back. */
  destroy(): void {
    for (const tally of [this.ack, this.connect, this.e2e, this.e2eFromSent, this.lateness]) tally.destroy()
  }

  /** Takes down where counters stand when the first sample after a warm-up comes: at most one sample too late. */
  #markWarmUps(tMs: number): void {
    for (const warmUpMs of this.#warmUps) {
      if (tMs < warmUpMs || this.#marks.has(warmUpMs)) continue
      const fleets = [...Array(this.#fleets).keys()]
      this.#marks.set(warmUpMs, {
        sent: fleets.map((fleet) => this.totals(fleet).sent),
        delivered: fleets.map((fleet) => this.delivered(fleet)),
      })
    }
  }
}
