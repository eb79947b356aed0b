/** What is known of a segment; bits. */
export const ARRIVED = 1
export const ACKED = 2
export const LOST = 4
/** Sent again since it was last thought lost. */
export const RESENT = 8
export const EVER_RESENT = 16

/** The segments of a connection from the oldest that is not acknowledged, in rings of typed arrays by number. */
export class Segments {
  #sizes = new Int32Array(16)
  #sentMs = new Float64Array(16)
  #marks = new Uint8Array(16)
  /** Oldest number kept. */
  first = 0
  /** Number of the next segment. */
  end = 0

  /** Adds a segment and returns its number. */
  add(size: number): number {
    if (this.end - this.first === this.#sizes.length) this.#grow()
    const number = this.end
    this.end += 1
    this.#sizes[this.#at(number)] = size
    this.#marks[this.#at(number)] = 0
    return number
  }

  size(number: number): number {
    return this.#sizes[this.#at(number)] as number
  }

  sentMs(number: number): number {
    return this.#sentMs[this.#at(number)] as number
  }

  setSentMs(number: number, sentMs: number): void {
    this.#sentMs[this.#at(number)] = sentMs
  }

  is(number: number, mark: number): boolean {
    return ((this.#marks[this.#at(number)] as number) & mark) !== 0
  }

  mark(number: number, mark: number): void {
    const at = this.#at(number)
    this.#marks[at] = (this.#marks[at] as number) | mark
  }

  unmark(number: number, mark: number): void {
    const at = this.#at(number)
    this.#marks[at] = (this.#marks[at] as number) & ~mark
  }

  #at(number: number): number {
    return number % this.#sizes.length
  }

  #grow(): void {
    const { length } = this.#sizes
    const sizes = new Int32Array(length * 2)
    const sentMs = new Float64Array(length * 2)
    const marks = new Uint8Array(length * 2)
    for (let number = this.first; number < this.end; number += 1) {
      const at = number % (length * 2)
      sizes[at] = this.size(number)
      sentMs[at] = this.sentMs(number)
      marks[at] = this.#marks[this.#at(number)] as number
    }
    this.#sizes = sizes
    this.#sentMs = sentMs
    this.#marks = marks
  }
}
