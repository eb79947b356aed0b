import { SlowStartExit } from './slow-start-exit.ts'

const CUBIC_BETA = 0.7
const CUBIC_C = 0.4
/** Growth per round trip that makes cubic's gentler reduction as fair as reno. */
const FRIENDLY = (3 * (1 - CUBIC_BETA)) / (1 + CUBIC_BETA)

/** Packets that a connection may have in flight, in Linux's terms: `cwnd` counts packets. */
export class Congestion {
  readonly #isCubic: boolean
  readonly #exit = new SlowStartExit()
  readonly #most: number
  cwnd: number
  ssthresh = Number.POSITIVE_INFINITY
  /** Window before the last reduction. */
  #lastMost = 0
  #originMost = 0
  #epochMs = Number.NEGATIVE_INFINITY
  #periodMs = 0
  /** What reno would have by now (RFC 9438 section 4.3). */
  #friendly = 0

  constructor(algorithm: 'cubic' | 'reno', initial: number, most: number) {
    this.#isCubic = algorithm === 'cubic'
    this.cwnd = initial
    this.#most = most
  }

  /** Whole packets that may be in flight; one at least, or nothing would ever move. */
  get window(): number {
    return Math.max(1, Math.floor(Math.min(this.cwnd, this.#most)))
  }

  /** A loss was found: sets `ssthresh` by what the algorithm gives up. */
  reduce(): void {
    this.#epochMs = Number.NEGATIVE_INFINITY
    if (this.#isCubic) {
      this.#lastMost = this.cwnd < this.#lastMost ? (this.cwnd * (1 + CUBIC_BETA)) / 2 : this.cwnd
      this.ssthresh = Math.max(2, Math.floor(this.cwnd * CUBIC_BETA))
    } else this.ssthresh = Math.max(2, Math.floor(this.cwnd / 2))
  }

  /** A round trip was measured; `first` and `end` are the segments in flight. */
  measured(nowMs: number, rttMs: number, facts: { leastRttMs: number; first: number; end: number }): void {
    if (!this.#isCubic || this.cwnd >= this.ssthresh) return
    const { leastRttMs, first, end } = facts
    if (this.#exit.isDue(nowMs, rttMs, { leastRttMs, first, end, cwnd: this.cwnd })) this.ssthresh = this.cwnd
  }

  /** `packets` were acknowledged while the window was in full use. */
  grow(packets: number, nowMs: number, rttMs: number): void {
    let left = packets
    if (this.cwnd < this.ssthresh) {
      const grown = Math.min(this.cwnd + left, this.ssthresh)
      left -= grown - this.cwnd
      this.cwnd = grown
    }
    if (left > 0)
      this.cwnd += this.#isCubic ? left / this.#packetsPerStep(left, nowMs, rttMs) : left / this.cwnd
    this.cwnd = Math.min(this.cwnd, this.#most)
  }

  /** Acknowledged packets after which cubic adds one to the window (Linux tcp_cubic.c, bictcp_update). */
  #packetsPerStep(packets: number, nowMs: number, rttMs: number): number {
    if (this.#epochMs === Number.NEGATIVE_INFINITY) {
      this.#epochMs = nowMs
      this.#friendly = this.cwnd
      this.#originMost = Math.max(this.#lastMost, this.cwnd)
      this.#periodMs = Math.cbrt((this.#originMost - this.cwnd) / CUBIC_C) * 1_000
    }
    const timeS = (nowMs - this.#epochMs + rttMs - this.#periodMs) / 1_000
    const target = this.#originMost + CUBIC_C * timeS ** 3
    let perStep = target > this.cwnd ? this.cwnd / (target - this.cwnd) : 100 * this.cwnd
    // Before the first loss there is nothing to return to: Linux grows by 5 % per round trip at least.
    if (this.#lastMost === 0 && perStep > 20) perStep = 20
    this.#friendly += (packets * FRIENDLY) / this.#friendly
    if (this.#friendly > this.cwnd) perStep = Math.min(perStep, this.cwnd / (this.#friendly - this.cwnd))
    return Math.max(2, perStep)
  }
}
