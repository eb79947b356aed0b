import { SERIES_COUNTS, type SeriesCount } from './series-row.ts'

/** Totals since the start of the run; `connected` is of the moment. */
export type SeriesTotals = Partial<Record<SeriesCount | 'connected', number>>

/** A source that is silent for longer than this was held up: what it counted is not spread over the silence. */
export const SILENCE_MS = 2_000
const SECOND_MS = 1_000

export interface SecondsSink {
  /** The source was there for all of a second. */
  cover(second: number): void
  count(second: number, name: SeriesCount, amount: number): void
  connected(second: number, amount: number): void
}

/**
 * Cuts the totals that one source reports for one fleet, at times of its own, at whole seconds. Between two samples
 * counts run in a straight line; what is given out adds up to the totals, to the message.
 */
export class SeriesSource {
  readonly #sink: SecondsSink
  #timeMs = 0
  readonly #seen: Record<SeriesCount, number> = { generated: 0, sent: 0, acked: 0, delivered: 0, behind: 0 }
  readonly #given: Record<SeriesCount, number> = { generated: 0, sent: 0, acked: 0, delivered: 0, behind: 0 }
  #connected = 0

  constructor(sink: SecondsSink) {
    this.#sink = sink
  }

  /** Time of the last sample. */
  get timeMs(): number {
    return this.#timeMs
  }

  sample(timeMs: number, totals: SeriesTotals): void {
    if (timeMs < this.#timeMs) return
    // Nothing is known of a silence: no second of it is covered, and what it held counts in the second that ended it.
    if (timeMs - this.#timeMs <= SILENCE_MS) this.#cut(timeMs, totals)
    for (const name of SERIES_COUNTS) this.#seen[name] = totals[name] ?? this.#seen[name]
    this.#connected = totals.connected ?? this.#connected
    this.#timeMs = timeMs
  }

  /** Gives out what the last, unfinished second holds. */
  finish(): void {
    const second = Math.max(0, Math.ceil(this.#timeMs / SECOND_MS) - 1)
    for (const name of SERIES_COUNTS) this.#give(second, name, this.#seen[name])
    const isCut = this.#timeMs % SECOND_MS === 0
    if (!isCut && this.#connected > 0) this.#sink.connected(second, this.#connected)
  }

  #cut(timeMs: number, totals: SeriesTotals): void {
    const lastEnd = Math.floor(timeMs / SECOND_MS)
    for (let end = Math.floor(this.#timeMs / SECOND_MS) + 1; end <= lastEnd; end += 1) {
      const second = end - 1
      const progress = (end * SECOND_MS - this.#timeMs) / (timeMs - this.#timeMs)
      this.#sink.cover(second)
      for (const name of SERIES_COUNTS) {
        const total = totals[name] ?? this.#seen[name]
        this.#give(second, name, this.#seen[name] + (total - this.#seen[name]) * progress)
      }
      const isNow = end * SECOND_MS === timeMs
      const connected = isNow ? (totals.connected ?? this.#connected) : this.#connected
      if (connected > 0) this.#sink.connected(second, connected)
    }
  }

  #give(second: number, name: SeriesCount, total: number): void {
    const whole = Math.round(total)
    const amount = whole - this.#given[name]
    if (amount === 0) return
    this.#given[name] = whole
    this.#sink.count(second, name, amount)
  }
}
