import { LatencyHistogram } from '../metrics/histogram.ts'
import type { LatencySummary } from '../metrics/types.ts'

/**
 * One latency of every fleet, over the whole run and after each warm-up. Samples from workers are merged as they come:
 * a sample counts after a warm-up when all of it was recorded after it.
 */
export class LatencyTally {
  readonly #fleets: { whole: LatencyHistogram; after: LatencyHistogram[] }[]
  readonly #warmUps: readonly number[]

  constructor(fleets: number, warmUps: readonly number[]) {
    this.#warmUps = warmUps
    this.#fleets = Array.from({ length: fleets }, () => ({
      whole: new LatencyHistogram(),
      after: warmUps.map(() => new LatencyHistogram()),
    }))
  }

  /** Merges what was recorded from `fromMs` of the run on. */
  merge(fleet: number, encoded: Uint8Array | null, fromMs: number): void {
    const tally = this.#fleets[fleet]
    if (!tally || !encoded) return
    tally.whole.mergeEncoded(encoded)
    this.#warmUps.forEach((warmUpMs, at) => {
      if (fromMs >= warmUpMs) tally.after[at]?.mergeEncoded(encoded)
    })
  }

  /** Merges what was already told apart by warm-up. */
  mergeParts(fleet: number, whole: Uint8Array, after: readonly Uint8Array[]): void {
    const tally = this.#fleets[fleet]
    tally?.whole.mergeEncoded(whole)
    after.forEach((encoded, at) => {
      tally?.after[at]?.mergeEncoded(encoded)
    })
  }

  /** Of one fleet; `warmUpMs` 0 is the whole run. */
  summary(fleet: number, warmUpMs = 0): LatencySummary {
    return this.#sum([fleet], warmUpMs)
  }

  /** Of all fleets together: merged, never averaged. */
  total(warmUpMs = 0): LatencySummary {
    return this.#sum([...this.#fleets.keys()], warmUpMs)
  }

  /** Gives the memory of all histograms back. */
  destroy(): void {
    for (const { whole, after } of this.#fleets)
      for (const histogram of [whole, ...after]) histogram.destroy()
  }

  #sum(fleets: readonly number[], warmUpMs: number): LatencySummary {
    const at = this.#warmUps.indexOf(warmUpMs)
    const sum = new LatencyHistogram()
    for (const fleet of fleets) {
      const tally = this.#fleets[fleet]
      const part = warmUpMs === 0 ? tally?.whole : tally?.after[at]
      if (part) sum.merge(part)
    }
    const summary = sum.summary()
    sum.destroy()
    return summary
  }
}
