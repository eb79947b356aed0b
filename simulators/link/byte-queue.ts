const NOTHING = Buffer.alloc(0)

/** Bytes in order, as they were handed over; nothing is copied. */
export class ByteQueue {
  readonly #chunks: Buffer[] = []
  #head = 0
  /** Bytes of the first chunk that are taken already. */
  #taken = 0
  #bytes = 0

  get bytes(): number {
    return this.#bytes
  }

  push(bytes: Buffer): void {
    if (bytes.length === 0) return
    this.#chunks.push(bytes)
    this.#bytes += bytes.length
  }

  /** The next bytes, `most` at most and from one chunk; undefined when there are none. */
  take(most: number): Buffer | undefined {
    const chunk = this.#chunks[this.#head]
    if (chunk === undefined) return undefined
    const from = this.#taken
    const until = Math.min(chunk.length, from + most)
    this.#bytes -= until - from
    if (until < chunk.length) this.#taken = until
    else this.#drop()
    return from === 0 && until === chunk.length ? chunk : chunk.subarray(from, until)
  }

  clear(): void {
    this.#chunks.length = 0
    this.#head = 0
    this.#taken = 0
    this.#bytes = 0
  }

  #drop(): void {
    this.#taken = 0
    // A chunk may be a view of a large slab, which must not outlive its last byte.
    this.#chunks[this.#head] = NOTHING
    this.#head += 1
    // Moving what is left is rare enough to cost nothing per chunk.
    if (this.#head === this.#chunks.length) {
      this.#chunks.length = 0
      this.#head = 0
    } else if (this.#head >= 32 && this.#head * 2 >= this.#chunks.length) {
      this.#chunks.splice(0, this.#head)
      this.#head = 0
    }
  }
}
