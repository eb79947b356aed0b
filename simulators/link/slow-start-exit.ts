/** Window from which on HyStart looks (Linux tcp_cubic.c, hystart_low_window). */
const LEAST_WINDOW = 16
const TRAIN_GAP_MS = 2
const ROUND_SAMPLES = 8
const LEAST_RISE_MS = 4
const MOST_RISE_MS = 16

/** HyStart (Ha and Rhee, 2011) as in Linux's cubic: ends slow start before it overruns the bottleneck. */
export class SlowStartExit {
  #roundEnd = 0
  #roundStartMs = 0
  #lastAckMs = 0
  #samples = 0
  #roundLeastMs = Number.POSITIVE_INFINITY

  /** Whether to leave slow start, seen from one acknowledgement; `first` and `end` are the segments in flight. */
  isDue(
    nowMs: number,
    rttMs: number,
    facts: { leastRttMs: number; cwnd: number; first: number; end: number },
  ): boolean {
    const { leastRttMs, cwnd, first, end } = facts
    if (first >= this.#roundEnd) {
      this.#roundEnd = end
      this.#roundStartMs = nowMs
      this.#lastAckMs = nowMs
      this.#samples = 0
      this.#roundLeastMs = Number.POSITIVE_INFINITY
    }
    if (cwnd < LEAST_WINDOW) return false
    if (nowMs - this.#lastAckMs <= TRAIN_GAP_MS) {
      this.#lastAckMs = nowMs
      // Acknowledgements without a gap for half a round trip: the pipe is half full, and its double is full.
      if (nowMs - this.#roundStartMs > leastRttMs / 2) return true
    }
    if (this.#samples < ROUND_SAMPLES) {
      this.#samples += 1
      this.#roundLeastMs = Math.min(this.#roundLeastMs, rttMs)
      return false
    }
    const rise = Math.min(MOST_RISE_MS, Math.max(LEAST_RISE_MS, leastRttMs / 8))
    return this.#roundLeastMs > leastRttMs + rise
  }
}
