const BUCKET_MS = 0.02
const BUCKETS = 1_024

/** How well a shard kept the times of its links. */
export interface LatenessSummary {
  count: number
  meanMs: number
  p50Ms: number
  p99Ms: number
  maxMs: number
}

/**
 * Emulation lateness: when something was done minus when it was due. Evenly spaced buckets of 20 us up to 20 ms,
 * because that is where a figure can still be trusted; what is later counts as the greatest lateness seen.
 */
export class Lateness {
  readonly #counts = new Uint32Array(BUCKETS)
  #count = 0
  #sumMs = 0
  #maxMs = 0

  add(latenessMs: number): void {
    const bucket = latenessMs <= 0 ? 0 : Math.floor(latenessMs / BUCKET_MS)
    if (bucket < BUCKETS) this.#counts[bucket] = (this.#counts[bucket] as number) + 1
    this.#count += 1
    this.#sumMs += latenessMs
    if (latenessMs > this.#maxMs) this.#maxMs = latenessMs
  }

  /** What came in since the last reset. */
  summary(): LatenessSummary {
    return {
      count: this.#count,
      meanMs: this.#count === 0 ? 0 : this.#sumMs / this.#count,
      p50Ms: this.#quantile(0.5),
      p99Ms: this.#quantile(0.99),
      maxMs: this.#maxMs,
    }
  }

  reset(): void {
    this.#counts.fill(0)
    this.#count = 0
    this.#sumMs = 0
    this.#maxMs = 0
  }

  /** Upper edge of the bucket that holds the quantile. */
  #quantile(share: number): number {
    let left = Math.ceil(share * this.#count)
    for (let bucket = 0; bucket < BUCKETS && left > 0; bucket += 1) {
      left -= this.#counts[bucket] as number
      if (left <= 0) return Math.min(this.#maxMs, (bucket + 1) * BUCKET_MS)
    }
    return this.#maxMs
  }
}
