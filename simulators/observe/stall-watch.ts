import type { Blindness } from './probe-connection.ts'

const TICK_MS = 100
/**
 * A subscriber that stands still for longer may make the broker drop what it keeps for it, and rightly so. Most brokers
 * queue a thousand messages or more.
 */
const STALL_MS = 500

/** Notices when the whole process has stood still: stopped, swapped out, or busy with one thing for too long. */
export class StallWatch {
  readonly stalls: Blindness[] = []
  readonly #nowMs: () => number
  #lastMs: number
  #timer: NodeJS.Timeout | undefined

  /** `nowMs` reads a clock that goes on while the process does not. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
    this.#lastMs = nowMs()
  }

  start(): void {
    this.#lastMs = this.#nowMs()
    this.#timer = setInterval(() => this.tick(), TICK_MS)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** To be called about every tenth of a second. */
  tick(): void {
    const nowMs = this.#nowMs()
    const stoodMs = nowMs - this.#lastMs
    if (stoodMs > STALL_MS) {
      const why = `the probe stood still for ${(stoodMs / 1_000).toFixed(1)} s`
      this.stalls.push({ fromMs: this.#lastMs, toMs: nowMs, why })
    }
    this.#lastMs = nowMs
  }
}
