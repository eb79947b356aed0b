/** What is to be done about a connection that has been silent. */
export type KeepAliveAction = 'none' | 'ping' | 'give-up'

/**
 * Watches one connection's silence by the ticks of its shard. Pings when either side was silent for the interval, as Paho does:
 * a device that only publishes at QoS 0 would never notice a dead link otherwise. Gives up an interval after an unanswered ping.
 */
export class KeepAlive {
  readonly #intervalMs: number
  #lastSentMs = Number.NaN
  #lastHeardMs = Number.NaN
  #pingMs = Number.NaN
  #hasHeard = true

  constructor(intervalS: number) {
    this.#intervalMs = intervalS * 1_000
  }

  sent(nowMs: number): void {
    this.#lastSentMs = nowMs
  }

  /** Something came; the next tick says when, which spares reading the clock for each packet. */
  heard(): void {
    this.#hasHeard = true
  }

  pong(): void {
    this.#pingMs = Number.NaN
  }

  tick(nowMs: number): KeepAliveAction {
    if (this.#intervalMs === 0) return 'none'
    if (this.#hasHeard) {
      this.#hasHeard = false
      this.#lastHeardMs = nowMs
    }
    // The first tick stands for the CONNECT.
    if (Number.isNaN(this.#lastSentMs)) this.#lastSentMs = nowMs
    if (!Number.isNaN(this.#pingMs)) return nowMs - this.#pingMs >= this.#intervalMs ? 'give-up' : 'none'
    // A second early, because ticks may come a second apart and the interval must not be exceeded (MQTT-3.1.2-20).
    const dueMs = Math.max(this.#intervalMs - 1_000, this.#intervalMs / 2)
    if (nowMs - Math.min(this.#lastSentMs, this.#lastHeardMs) < dueMs) return 'none'
    this.#pingMs = nowMs
    this.#lastSentMs = nowMs
    return 'ping'
  }
}
