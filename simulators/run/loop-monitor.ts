import { monitorEventLoopDelay } from 'node:perf_hooks'

/** Sampling interval: delays shorter than this are not worth naming. */
const RESOLUTION_MS = 5

/** What a worker process costs and how late its event loop runs. */
export class LoopMonitor {
  readonly #histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  #cpuAtStart = process.cpuUsage()

  start(): void {
    this.#histogram.enable()
    this.restart()
  }

  /** Forgets what was before: loading and preparing are not part of the run. */
  restart(): void {
    this.#histogram.reset()
    this.#cpuAtStart = process.cpuUsage()
  }

  stop(): void {
    this.#histogram.disable()
  }

  /** How much later than asked a timer fires, ms, at the 99th percentile: the interval itself is taken off. */
  get delayP99Ms(): number {
    const ns = this.#histogram.percentile(99)
    return Number.isFinite(ns) ? Math.max(0, ns / 1e6 - RESOLUTION_MS) : 0
  }

  /** User and system time of this process since the restart, ms. */
  get cpuMs(): number {
    const { user, system } = process.cpuUsage(this.#cpuAtStart)
    return (user + system) / 1_000
  }
}
