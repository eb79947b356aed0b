import { LatencyHistogram } from '../metrics/histogram.ts'
import type { RunProgress } from '../report/progress.ts'
import type { ProbeSample, ShardSample } from './messages.ts'
import type { RunTally } from './run-tally.ts'

/** The rate of a live line covers this time. */
const RATE_WINDOW_MS = 2_000
/** Over less than this a rate says more about the moment of its samples than about the run. */
const SHORTEST_RATE_MS = 900
/** Latencies cover more, because a 99th percentile of few messages is only the worst of them. */
const LATENCY_WINDOW_MS = 10_000

interface SentBy {
  tMs: number
  sent: number
}

/** What of a progress line is measured. */
export type Measured = Pick<
  RunProgress,
  'connected' | 'sentPerS' | 'sent' | 'missing' | 'e2eP99Ms' | 'behind'
>

/** What is happening now, from totals that only grow. */
export class ProgressMeter {
  readonly #tally: RunTally
  /** Per shard, by its own clock: samples come late by different times, and a rate must not show that. */
  readonly #sent = new Map<number, SentBy[]>()
  #latencies: { tMs: number; bytes: Uint8Array }[] = []

  constructor(tally: RunTally) {
    this.#tally = tally
  }

  addShard(index: number, { t, fleets }: Pick<ShardSample, 't' | 'fleets'>): void {
    const kept = this.#sent.get(index) ?? [{ tMs: 0, sent: 0 }]
    kept.push({ tMs: t, sent: fleets.reduce((sum, { sent }) => sum + sent, 0) })
    while (kept.length > 2 && (kept[1]?.tMs ?? t) <= t - RATE_WINDOW_MS) kept.shift()
    this.#sent.set(index, kept)
  }

  addProbe({ t, e2e }: Pick<ProbeSample, 't' | 'e2e'>): void {
    for (const bytes of e2e) if (bytes) this.#latencies.push({ tMs: t, bytes })
    this.#latencies = this.#latencies.filter(({ tMs }) => tMs > t - LATENCY_WINDOW_MS)
  }

  read(nowMs: number): Measured {
    const totals = this.#tally.grandTotals()
    return {
      connected: totals.connected,
      sentPerS: nowMs < SHORTEST_RATE_MS ? null : this.#sentPerS(nowMs),
      sent: totals.sent,
      missing: this.#tally.missing(),
      e2eP99Ms: this.#p99Ms(),
      behind: totals.behind,
    }
  }

  #sentPerS(nowMs: number): number {
    let sum = 0
    for (const kept of this.#sent.values()) {
      const [first, last] = [kept[0], kept.at(-1)]
      // A shard that died sends nothing, whatever its last samples said.
      if (!first || !last || last.tMs <= first.tMs || nowMs - last.tMs > RATE_WINDOW_MS) continue
      sum += ((last.sent - first.sent) * 1_000) / (last.tMs - first.tMs)
    }
    return sum
  }

  #p99Ms(): number | null {
    if (this.#latencies.length === 0) return null
    const sum = new LatencyHistogram()
    for (const { bytes } of this.#latencies) sum.mergeEncoded(bytes)
    const p99 = sum.count > 0 ? sum.percentile(99) : null
    sum.destroy()
    return p99
  }
}
