import type { StageSettings } from '../profile/schema/profile.ts'

/** One stage on the clock of the run. */
export interface Span {
  startMs: number
  endMs: number
  /** Factor on every publish rate. */
  factor: number
  /** Work done before it: the integral of the factor, ms. */
  startWork: number
  endWork: number
  /** Share of each fleet that is connected at its start and at its end. */
  startShare: number
  endShare: number
}

/**
 * The stages as functions of time. Work is the integral of the rate factor: a schedule that is even in work
 * sends three times as often while the factor is 3, and never drifts.
 */
export class Timeline {
  readonly spans: readonly Span[]
  readonly durationMs: number
  readonly totalWork: number
  /** Where the last look-up ended: devices ask for neighbouring times. */
  #last = 0

  constructor(spans: readonly Span[]) {
    this.spans = spans
    this.durationMs = spans.at(-1)?.endMs ?? 0
    this.totalWork = spans.at(-1)?.endWork ?? 0
  }

  /** Factor on every publish rate; 0 before the run and after it. */
  rateFactorAt(timeMs: number): number {
    if (timeMs < 0 || timeMs >= this.durationMs) return 0
    return this.#spanAt(timeMs)?.factor ?? 0
  }

  /** Work done until a time, in ms at factor 1. */
  work(timeMs: number): number {
    if (timeMs <= 0) return 0
    if (timeMs >= this.durationMs) return this.totalWork
    const span = this.#spanAt(timeMs)
    return span ? span.startWork + (timeMs - span.startMs) * span.factor : 0
  }

  /** When work is reached; Infinity past the end. Spans of factor 0 hold no work and are skipped. */
  timeOf(work: number): number {
    if (work >= this.totalWork) return Number.POSITIVE_INFINITY
    if (work < 0) return 0
    let span = this.spans[this.#last]
    if (!span || work < span.startWork || work >= span.endWork) {
      this.#last = this.#search(work, false)
      span = this.spans[this.#last]
    }
    if (!span) return Number.POSITIVE_INFINITY
    // Rounding must not carry a time into the next span: times would go backwards there.
    return Math.min(span.startMs + (work - span.startWork) / span.factor, span.endMs)
  }

  /** Share of each fleet that the stages ask to be connected. */
  connectedShareAt(timeMs: number): number {
    if (timeMs < 0) return 0
    const span = this.#spanAt(timeMs)
    if (!span) return this.spans.at(-1)?.endShare ?? 0
    const progress = (timeMs - span.startMs) / (span.endMs - span.startMs)
    return span.startShare + progress * (span.endShare - span.startShare)
  }

  #spanAt(timeMs: number): Span | undefined {
    const last = this.spans[this.#last]
    if (last && timeMs >= last.startMs && timeMs < last.endMs) return last
    const found = this.#search(timeMs, true)
    if (found < this.spans.length) this.#last = found
    return this.spans[found]
  }

  /** The first span that ends after a time, or after an amount of work. */
  #search(value: number, byTime: boolean): number {
    let low = 0
    let high = this.spans.length
    while (low < high) {
      const middle = (low + high) >> 1
      const span = this.spans[middle]
      if (span && (byTime ? span.endMs : span.endWork) > value) high = middle
      else low = middle + 1
    }
    return low
  }
}

/** Lays stages end to end. What a stage leaves out stays as before; without `devices` in the first, all connect at once. */
export function createTimeline(stages: readonly StageSettings[]): Timeline {
  const spans: Span[] = []
  let startMs = 0
  let startWork = 0
  let factor = 1
  let startShare = stages[0]?.devices === undefined ? 1 : 0
  for (const stage of stages) {
    factor = stage.rate ?? factor
    const endMs = startMs + stage.for
    const endWork = startWork + stage.for * factor
    const endShare = stage.devices ?? startShare
    spans.push({ startMs, endMs, factor, startWork, endWork, startShare, endShare })
    startMs = endMs
    startWork = endWork
    startShare = endShare
  }
  return new Timeline(spans)
}
