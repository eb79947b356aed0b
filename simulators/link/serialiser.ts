const MS_PER_S = 1_000

/**
 * When packets leave at a rate: GCRA, the virtual scheduling form of a token bucket, in one number and without ticks.
 * Over any window it lets through the rate times the window plus the burst (or one packet, whichever is more).
 */
export class Serialiser {
  #bitsPerMs: number
  #burstBits: number
  /** When all that was let through is paid for. */
  #paidMs = Number.NEGATIVE_INFINITY
  /** What is left to pay while the rate is zero. */
  #owedBits = 0

  constructor(rateBitS: number, burstBytes: number) {
    this.#bitsPerMs = rateBitS / MS_PER_S
    this.#burstBits = burstBytes * 8
  }

  /** Begins with a packet and returns when its last bit leaves; Infinity while the rate is zero. */
  begin(wireBytes: number, nowMs: number): number {
    const bits = wireBytes * 8
    if (this.#bitsPerMs === Number.POSITIVE_INFINITY) return nowMs
    if (this.#bitsPerMs === 0) {
      this.#owedBits += bits
      return Number.POSITIVE_INFINITY
    }
    const startMs = Math.max(this.#paidMs, nowMs - this.#burstBits / this.#bitsPerMs)
    this.#paidMs = startMs + bits / this.#bitsPerMs
    return Math.max(nowMs, this.#paidMs)
  }

  /** Changes the rate; returns when the packet that is being serialised leaves now, credit and debt taken along. */
  change(rateBitS: number, burstBytes: number, nowMs: number): number {
    const owed = this.#owed(nowMs)
    this.#bitsPerMs = rateBitS / MS_PER_S
    this.#burstBits = burstBytes * 8
    if (this.#bitsPerMs === 0) {
      this.#owedBits = owed
      return owed > 0 ? Number.POSITIVE_INFINITY : nowMs
    }
    this.#owedBits = 0
    this.#paidMs =
      this.#bitsPerMs === Number.POSITIVE_INFINITY
        ? nowMs
        : nowMs + Math.max(owed, -this.#burstBits) / this.#bitsPerMs
    return Math.max(nowMs, this.#paidMs)
  }

  /** Forgets the packet that is being serialised: it will not leave. */
  abandon(nowMs: number): void {
    if (this.#paidMs > nowMs) this.#paidMs = nowMs
    this.#owedBits = Math.min(0, this.#owedBits)
  }

  #owed(nowMs: number): number {
    if (this.#bitsPerMs === 0) return this.#owedBits
    if (this.#bitsPerMs === Number.POSITIVE_INFINITY || this.#paidMs === Number.NEGATIVE_INFINITY)
      return this.#paidMs === Number.NEGATIVE_INFINITY ? -this.#burstBits : 0
    return Math.max((this.#paidMs - nowMs) * this.#bitsPerMs, -this.#burstBits)
  }
}
