import type { Trace, TraceStep } from './trace.ts'
import type { Timed, Wheel } from './wheel.ts'

/** Walks a trace, round and round, and tells each step at its time. */
export class TracePlayer implements Timed {
  readonly #wheel: Wheel
  readonly #trace: Trace
  readonly #startMs: number
  readonly #apply: (step: TraceStep, nowMs: number) => void
  readonly #node: number
  #steps = 0

  constructor(wheel: Wheel, trace: Trace, startMs: number, apply: (step: TraceStep, nowMs: number) => void) {
    this.#wheel = wheel
    this.#trace = trace
    this.#startMs = startMs
    this.#apply = apply
    this.#node = wheel.add(this)
    this.due(startMs)
  }

  isBehind(nowMs: number): boolean {
    return this.#wheel.dueOf(this.#node) <= nowMs
  }

  due(nowMs: number): void {
    const { steps, lengthMs } = this.#trace
    const step = steps[this.#steps % steps.length]
    this.#steps += 1
    const round = Math.floor(this.#steps / steps.length)
    const next = steps[this.#steps % steps.length]
    // From the start each time, so that rounding never adds up.
    if (next && lengthMs > 0) this.#wheel.set(this.#node, this.#startMs + round * lengthMs + next.atMs)
    if (step) this.#apply(step, nowMs)
  }

  stop(): void {
    this.#wheel.remove(this.#node)
  }
}
