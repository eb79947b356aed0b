/** What every ring has until its first packet: most lanes are idle. */
const NONE: number[] = []

/**
 * Packets in the order in which they will be handled: a time and two numbers each, in one growing array. A plain one: of
 * ten thousand small typed arrays most of the memory would be their buffers' bookkeeping.
 */
export class PacketRing {
  #cells = NONE
  #head = 0
  #size = 0

  get size(): number {
    return this.#size
  }

  /** Time of the first packet; only when there is one. */
  get timeMs(): number {
    return this.#cells[this.#at(0)] as number
  }

  /** First number of the first packet. */
  get tag(): number {
    return this.#cells[this.#at(0) + 1] as number
  }

  /** Second number of the first packet. */
  get extra(): number {
    return this.#cells[this.#at(0) + 2] as number
  }

  push(timeMs: number, tag: number, extra: number): void {
    if (this.#size * 3 === this.#cells.length) this.#grow()
    const at = this.#at(this.#size)
    this.#cells[at] = timeMs
    this.#cells[at + 1] = tag
    this.#cells[at + 2] = extra
    this.#size += 1
  }

  /** Puts another in the place of the last; only when there is one. */
  replaceLast(timeMs: number, tag: number, extra: number): void {
    this.#size -= 1
    this.push(timeMs, tag, extra)
  }

  shift(): void {
    this.#head = this.#at(1)
    this.#size -= 1
  }

  clear(): void {
    this.#head = 0
    this.#size = 0
  }

  #at(place: number): number {
    const at = this.#head + place * 3
    return at >= this.#cells.length ? at - this.#cells.length : at
  }

  #grow(): void {
    const { length } = this.#cells
    const grown = Math.max(6, length * 2)
    const cells = [...this.#cells.slice(this.#head), ...this.#cells.slice(0, this.#head)]
    while (cells.length < grown) cells.push(0)
    this.#cells = cells
    this.#head = 0
  }
}
