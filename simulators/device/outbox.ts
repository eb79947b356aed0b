/** A message that is due and waits for its turn on the link. */
export interface Waiting {
  entry: number
  qos: 0 | 1 | 2
  seq: number
  intendedMs: number
}

/**
 * The bounded queue of one device. Holds what is due while the device is offline, or its in-flight window or socket is full.
 * What does not fit is handed back to be counted, never dropped in silence.
 */
export class Outbox {
  readonly #limit: number
  readonly #dropOldest: boolean
  #items: Waiting[] = []
  #head = 0

  constructor(limit: number, full: 'drop-oldest' | 'drop-newest') {
    this.#limit = limit
    this.#dropOldest = full === 'drop-oldest'
  }

  get size(): number {
    return this.#items.length - this.#head
  }

  /** Queues a message; returns the one that had to go, if any. */
  push(item: Waiting): Waiting | undefined {
    if (this.size < this.#limit) {
      this.#items.push(item)
      return undefined
    }
    if (!this.#dropOldest) return item
    const oldest = this.shift()
    this.#items.push(item)
    return oldest
  }

  peek(): Waiting | undefined {
    return this.#items[this.#head]
  }

  shift(): Waiting | undefined {
    const item = this.#items[this.#head]
    if (item === undefined) return undefined
    this.#head += 1
    // Compact once half of the array is spent, so that a long outage costs amortised O(1) a message.
    if (this.#head === this.#items.length) {
      this.#items = []
      this.#head = 0
    } else if (this.#head > 32 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head)
      this.#head = 0
    }
    return item
  }
}
