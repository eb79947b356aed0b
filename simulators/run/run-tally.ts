import { LatencyTally } from './latency-tally.ts'
import type { FleetTotals, ProbeSample, ShardSample } from './messages.ts'
import type { ShardRecord } from './shard-group.ts'

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

/** Where the counters of one source stood when a warm-up had ended, per fleet. */
interface Mark {
  tMs: number
  counts: number[]
}

const FROM_ZERO: Mark = { tMs: 0, counts: [] }

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
  /** Per warm-up: sent, by shard; and delivered. */
  readonly #sentMarks = new Map<number, Map<number, Mark>>()
  readonly #deliveredMarks = new Map<number, Mark>()
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
    const fromMs = this.#samples.get(index)?.t ?? Number.NEGATIVE_INFINITY
    for (let fleet = 0; fleet < this.#fleets; fleet += 1) {
      this.ack.merge(fleet, sample.ack[fleet] ?? null, fromMs)
      this.connect.merge(fleet, sample.connect[fleet] ?? null, fromMs)
    }
    this.lateness.merge(0, sample.lateness, fromMs)
    this.#samples.set(index, sample)
    for (const warmUpMs of this.#warmUps) {
      const marks = this.#sentMarks.get(warmUpMs) ?? new Map<number, Mark>()
      this.#sentMarks.set(warmUpMs, marks)
      if (sample.t < warmUpMs || marks.has(index)) continue
      marks.set(index, { tMs: sample.t, counts: sample.fleets.map(({ sent }) => sent) })
    }
  }

  /** What it has done stays in the sums; what it was doing has ended. */
  shardDied({ index }: ShardRecord): void {
    const last = this.#samples.get(index)
    if (!last) return
    const fleets = last.fleets.map((totals) => ({ ...totals, connected: 0, waiting: 0 }))
    this.#samples.set(index, { ...last, fleets })
  }

  addProbe(sample: ProbeSample): void {
    this.probe = sample
    for (const warmUpMs of this.#warmUps) {
      if (sample.t < warmUpMs || this.#deliveredMarks.has(warmUpMs)) continue
      this.#deliveredMarks.set(warmUpMs, { tMs: sample.t, counts: sample.delivered })
    }
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

  missing(): number {
    return (this.probe?.missing ?? []).reduce((sum, count) => sum + count, 0)
  }

  allDelivered(): number {
    return (this.probe?.delivered ?? []).reduce((sum, count) => sum + count, 0)
  }

  /** Messages per second that a fleet has sent from the end of a warm-up to `untilMs`. */
  sentHz(fleet: number, warmUpMs: number, untilMs: number): number {
    let rateHz = 0
    for (const [index, { fleets }] of this.#samples) {
      const mark = warmUpMs === 0 ? FROM_ZERO : this.#sentMarks.get(warmUpMs)?.get(index)
      rateHz += rateSince(mark, fleet, fleets[fleet]?.sent ?? 0, untilMs)
    }
    return rateHz
  }

  /** Messages per second of a fleet that were seen from the end of a warm-up to `untilMs`, of `delivered` in all. */
  deliveredHz(fleet: number, warmUpMs: number, untilMs: number, delivered: number): number {
    const mark = warmUpMs === 0 ? FROM_ZERO : this.#deliveredMarks.get(warmUpMs)
    return rateSince(mark, fleet, delivered, untilMs)
  }

  /** Gives the memory of all histograms back. */
  destroy(): void {
    for (const tally of [this.ack, this.connect, this.e2e, this.e2eFromSent, this.lateness]) tally.destroy()
  }
}

/** Nothing without a mark: what ended before the warm-up did has no rate after it. */
function rateSince(mark: Mark | undefined, fleet: number, count: number, untilMs: number): number {
  if (mark === undefined || untilMs <= mark.tMs) return 0
  return (Math.max(0, count - (mark.counts[fleet] ?? 0)) * 1_000) / (untilMs - mark.tMs)
}
