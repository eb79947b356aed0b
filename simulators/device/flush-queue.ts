/** Something with bytes to hand over at the end of the turn. */
export interface Flushable {
  flush(): void
}

/** Hands over what a shard wrote during one turn of the event loop: one write per connection, one timer for all of them. */
export class FlushQueue {
  #waiting: Flushable[] = []
  #isScheduled = false
  readonly #run = (): void => {
    this.#isScheduled = false
    this.flushNow()
  }

  /** The caller adds itself at most once per flush. */
  add(item: Flushable): void {
    this.#waiting.push(item)
    if (this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(this.#run)
  }

  /** For a scheduler that knows that its turn is over. */
  flushNow(): void {
    const waiting = this.#waiting
    if (waiting.length === 0) return
    this.#waiting = []
    for (const item of waiting) item.flush()
  }
}
