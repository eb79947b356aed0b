import type { Random } from '../plan/random.ts'
import type { OutageModel } from './model.ts'

/** When the link goes down and comes up again; a cursor over the outages of one link. */
export class Outages {
  readonly #model: OutageModel
  readonly #random: Random
  /** Change number: even ones go down, odd ones come up. */
  #change = -1
  #atMs: number

  constructor(model: OutageModel, random: Random, fromMs: number) {
    this.#model = model
    this.#random = random
    this.#atMs = fromMs
    this.step()
  }

  get kind(): OutageModel['kind'] {
    return this.#model.kind
  }

  /** When the next change is; Infinity after the last. */
  get atMs(): number {
    return this.#atMs
  }

  /** Whether the next change is a way down. */
  get isDownNext(): boolean {
    return this.#change % 2 === 0
  }

  /** Goes on to the next change. */
  step(): void {
    this.#change += 1
    const model = this.#model
    if ('schedule' in model) {
      const outage = model.schedule[this.#change >> 1]
      if (!outage) this.#atMs = Number.POSITIVE_INFINITY
      else this.#atMs = this.isDownNext ? outage.atMs : outage.atMs + outage.forMs
    } else this.#atMs += this.#random.exponential(this.isDownNext ? model.meanUpMs : model.meanDownMs)
  }
}
