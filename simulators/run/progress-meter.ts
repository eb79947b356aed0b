import { LatencyHistogram } from '../metrics/histogram.ts'
import type { RunProgress } from '../report/progress.ts'
import type { ProbeSample } from './messages.ts'
import type { RunTally } from './run-tally.ts'

/** Rates and latencies of a live line cover this time. */
const WINDOW_MS = 2_000

type Measured = Pick<RunProgress, 'connected' | 'sentPerS' | 'sent' | 'missing' | 'e2eP99Ms' | 'behind'>

/** What is happening now, from totals that only grow. */
export class ProgressMeter {
  readonly #tally: RunTally
  #sent: { tMs: number; sent: number }[] = []
  #latencies: { tMs: number; bytes: Uint8Array }[] = []

  constructor(tally: RunTally) {
    this.#tally = tally
  }

  addProbe({ t, e2e }: ProbeSample): void {
    for (const bytes of e2e) if (bytes) this.#latencies.push({ tMs: t, bytes })
  }

  read(nowMs: number): Measured {
    const totals = this.#tally.grandTotals()
    const since = nowMs - WINDOW_MS
    this.#sent.push({ tMs: nowMs, sent: totals.sent })
    while (this.#sent.length > 2 && (this.#sent[0]?.tMs ?? 0) < since) this.#sent.shift()
    this.#latencies = this.#latencies.filter(({ tMs }) => tMs >= since)
    const first = this.#sent[0]
    const spanMs = first ? nowMs - first.tMs : 0
    return {
      connected: totals.connected,
      sentPerS: first && spanMs > 0 ? ((totals.sent - first.sent) * 1_000) / spanMs : 0,
      sent: totals.sent,
      missing: this.#tally.missing(),
      e2eP99Ms: this.#p99Ms(),
      behind: totals.behind,
    }
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
