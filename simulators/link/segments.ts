/** What is known of a segment; bits. */
export const ARRIVED = 1
export const ACKED = 2
export const LOST = 4
/** Sent again since it was last thought lost. */
export const RESENT = 8
export const EVER_RESENT = 16

const FIELDS = 3
const NONE: number[] = []

/** The segments of a connection from the oldest that is not acknowledged: size, time sent and marks of each in one ring. */
export class Segments {
  #cells = NONE
  /** Segments that there is room for. */
  #room = 0
  /** Oldest number kept. */
  first = 0
  /** Number of the next segment. */
  end = 0

  /** Adds a segment and returns its number. */
  add(size: number): number {
    if (this.end - this.first === this.#room) this.#grow()
    const number = this.end
    this.end += 1
    const at = this.#at(number)
    this.#cells[at] = size
    this.#cells[at + 1] = 0
    this.#cells[at + 2] = 0
    return number
  }

  size(number: number): number {
    return this.#cells[this.#at(number)] as number
  }

  sentMs(number: number): number {
    return this.#cells[this.#at(number) + 1] as number
  }

  setSentMs(number: number, sentMs: number): void {
    this.#cells[this.#at(number) + 1] = sentMs
  }

  is(number: number, mark: number): boolean {
    return ((this.#cells[this.#at(number) + 2] as number) & mark) !== 0
  }

  mark(number: number, mark: number): void {
    const at = this.#at(number) + 2
    this.#cells[at] = (this.#cells[at] as number) | mark
  }

  unmark(number: number, mark: number): void {
    const at = this.#at(number) + 2
    this.#cells[at] = (this.#cells[at] as number) & ~mark
  }

  // The ring holds a number at every place, which the compiler cannot know.
  #at(number: number): number {
    return (number % this.#room) * FIELDS
  }

  #grow(): void {
    const room = Math.max(2, this.#room * 2)
    const cells = new Array<number>(room * FIELDS).fill(0)
    for (let number = this.first; number < this.end; number += 1) {
      const from = this.#at(number)
      const to = (number % room) * FIELDS
      for (let field = 0; field < FIELDS; field += 1) cells[to + field] = this.#cells[from + field] as number
    }
    this.#cells = cells
    this.#room = room
  }
}
