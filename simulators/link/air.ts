/** Who wants to send on a channel that only one can use at a time. */
export interface AirUser {
  /** The channel is free: take it now or let it go to somebody else. */
  airFree(nowMs: number): void
}

/** The one channel of a half-duplex link; whoever waits gets it in turn, packet by packet. */
export class Air {
  #holder: AirUser | undefined
  readonly #waiting: AirUser[] = []

  /** Takes the channel, or joins those who wait for it. */
  take(user: AirUser): boolean {
    if (this.#holder === undefined || this.#holder === user) {
      this.#holder = user
      return true
    }
    if (!this.#waiting.includes(user)) this.#waiting.push(user)
    return false
  }

  /** Lets the channel go, or stops waiting for it. */
  give(user: AirUser, nowMs: number): void {
    if (this.#holder === user) {
      this.#holder = undefined
      // Whoever is asked may have nothing to send any more.
      while (this.#holder === undefined && this.#waiting.length > 0) this.#waiting.shift()?.airFree(nowMs)
      return
    }
    const place = this.#waiting.indexOf(user)
    if (place >= 0) this.#waiting.splice(place, 1)
  }
}
