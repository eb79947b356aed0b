import { LatencyHistogram } from './histogram.ts'

/** Sources report a second's latencies at times of their own; so long a second waits for the last of them. */
const OPEN_SECONDS = 3

/** Collects the latencies of one row, second by second, and hands out the percentiles of each second once. */
export class SecondLatencies {
  readonly #open = new Map<number, LatencyHistogram>()
  readonly #closed: (second: number, p50Ms: number, p99Ms: number) => void
  #closedBefore = 0

  constructor(closed: (second: number, p50Ms: number, p99Ms: number) => void) {
    this.#closed = closed
  }

  /** False when the second has been closed already. */
  add(second: number, latencies: LatencyHistogram): boolean {
    if (second < this.#closedBefore) return false
    let histogram = this.#open.get(second)
    if (!histogram) {
      histogram = new LatencyHistogram()
      this.#open.set(second, histogram)
      this.closeBefore(second - OPEN_SECONDS + 1)
    }
    histogram.merge(latencies)
    return true
  }

  closeBefore(end: number): void {
    this.#closedBefore = Math.max(this.#closedBefore, end)
    for (const [second, histogram] of this.#open) {
      if (second >= end) continue
      if (histogram.count > 0) this.#closed(second, histogram.percentile(50), histogram.percentile(99))
      histogram.destroy()
      this.#open.delete(second)
    }
  }
}
