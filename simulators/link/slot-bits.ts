/** Which slots of a wheel hold something: one bit each, so that the next one is found 32 slots at a time. */
export class SlotBits {
  readonly #words: Int32Array
  readonly #slots: number

  constructor(slots: number) {
    this.#slots = slots
    this.#words = new Int32Array(slots >> 5)
  }

  set(slot: number): void {
    this.#words[slot >> 5] = (this.#words[slot >> 5] as number) | (1 << (slot & 31))
  }

  clear(slot: number): void {
    this.#words[slot >> 5] = (this.#words[slot >> 5] as number) & ~(1 << (slot & 31))
  }

  /** The first occupied slot at or behind `from`; -1 when there is none up to the end. */
  next(from: number): number {
    if (from >= this.#slots) return -1
    let at = from >> 5
    let word = (this.#words[at] as number) & (-1 << (from & 31))
    while (word === 0) {
      at += 1
      if (at === this.#words.length) return -1
      word = this.#words[at] as number
    }
    return (at << 5) + 31 - Math.clz32(word & -word)
  }
}
