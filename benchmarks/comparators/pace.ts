/**
 * An absolute schedule on a 1 ms tick: message k is due at k / rate and belongs to device k mod N, so that every
 * device publishes once per period and a late tick catches up. As little work as pacing can be.
 */
export class Pace {
  #total = 0
  #timer: NodeJS.Timeout | undefined

  start(totalRateHz: number, devices: number, publish: (device: number, dueMs: number) => void): void {
    const startMs = performance.now()
    const perMs = totalRateHz / 1000
    this.#timer = setInterval(() => {
      const due = Math.floor((performance.now() - startMs) * perMs)
      for (; this.#total < due; this.#total += 1) {
        publish(this.#total % devices, startMs + this.#total / perMs)
      }
    }, 1)
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}
