import { MarkerReader } from '../delivery/marker.ts'
import type { BlindSpan, ObserverHealth, ObserverReading } from '../delivery/types.ts'
import { loadHistograms } from '../metrics/histogram.ts'
import { LoopMonitor } from '../run/loop-monitor.ts'
import type { FleetLatencies, ProbeSample, RunFacts } from '../run/messages.ts'
import { machineNowMs, runClock } from '../run/run-clock.ts'
import { lowestQos } from './lowest-qos.ts'
import { ProbeConnection } from './probe-connection.ts'
import { probeEndpoint } from './probe-endpoint.ts'
import { ProbeRecorder } from './probe-recorder.ts'
import { connectionsFor, splitTopics } from './split.ts'
import { StallWatch } from './stall-watch.ts'
import { topicSources } from './topics.ts'

/** An event loop this late at the 99th percentile cannot be believed about latency or silence. */
const OVERLOADED_DELAY_MS = 500
/** A core in full use is no fault by itself; together with messages that pile up it is. */
const OVERLOADED_CPU = 0.95
const OVERLOADED_LAG_MS = 1_000
/** Shorter spans say nothing about the use of a core. */
const CPU_WINDOW_MS = 1_000

/** Flotilla's own subscriber: sees what arrives, says what it could not see, and whether it kept up. */
export class Probe {
  readonly #recorder: ProbeRecorder
  readonly #monitor = new LoopMonitor()
  readonly #stalls = new StallWatch(runClock(0))
  #connections: ProbeConnection[] = []
  #zeroMs = machineNowMs()
  #clock = runClock(this.#zeroMs)
  #overloaded = false
  #window = { atMs: 0, cpuMs: 0 }
  #stopping: Promise<void> | undefined

  private constructor(recorder: ProbeRecorder) {
    this.#recorder = recorder
  }

  /** Connects and subscribes to all that the profile publishes. Rejects with an AppError that says why not; `signal` gives up. */
  static async subscribe(facts: RunFacts, signal?: AbortSignal): Promise<Probe> {
    const { profile, run } = facts
    const settings = profile.observe.probe === false ? {} : profile.observe.probe
    const sources = topicSources(profile, run)
    const shares = splitTopics(sources, settings.connections ?? connectionsFor(sources))
    const endpoint = await probeEndpoint(facts)
    await loadHistograms()
    const probe = new Probe(new ProbeRecorder(profile, run))
    probe.#connections = shares.map((topics, number) => {
      // Each connection has its own reader, which remembers where the markers of its messages stand.
      const reader = new MarkerReader()
      return new ProbeConnection(endpoint, number, topics, runClock(0), (packet, nowMs) =>
        probe.#recorder.see(packet, reader, nowMs - probe.#zeroMs),
      )
    })
    const giveUp = () => void probe.stop()
    signal?.addEventListener('abort', giveUp)
    if (signal?.aborted) giveUp()
    try {
      await Promise.all(probe.#connections.map((connection) => connection.open()))
    } catch (error) {
      await probe.stop()
      throw error
    } finally {
      signal?.removeEventListener('abort', giveUp)
    }
    probe.#monitor.start()
    probe.#stalls.start()
    return probe
  }

  /** The run begins: `zeroMs` on the machine's monotonic clock is its time 0. */
  start(zeroMs: number, warmUps: readonly number[]): void {
    this.#zeroMs = zeroMs
    this.#clock = runClock(zeroMs)
    for (const histograms of this.#recorder.histograms) histograms.begin(warmUps)
    this.#monitor.restart()
    this.#window = { atMs: this.#clock(), cpuMs: 0 }
  }

  /** Devices are quiet: what arrives a second from now or later is late. */
  drain(): void {
    this.#recorder.ledger.startDrain(this.#clock())
  }

  sample(): ProbeSample {
    const { ledger, histograms, foreign, damaged, lastArrivalMs } = this.#recorder
    const t = this.#clock()
    this.#watchLoad(t)
    const blind = this.#connections.flatMap(({ blindSinceMs }) => blindSinceMs ?? [])
    return {
      t,
      delivered: ledger.fleets.map(({ delivered }) => delivered),
      duplicates: ledger.fleets.map(({ duplicates }) => duplicates),
      reordered: ledger.fleets.map(({ reordered }) => reordered),
      missing: ledger.fleets.map(({ missing }) => missing),
      foreign,
      damaged,
      lastArrivalMs,
      blindSinceMs: blind.length > 0 ? Math.min(...blind) - this.#zeroMs : null,
      e2e: histograms.map((each) => each.takeInterval()),
    }
  }

  read(): { reading: ObserverReading; latency: FleetLatencies[] } {
    const { ledger, histograms, foreign, damaged, retained } = this.#recorder
    const reading = { ...ledger.reading(), foreign, damaged, retained, health: this.health() }
    return { reading, latency: histograms.map((each) => each.encode()) }
  }

  health(): ObserverHealth {
    const t = this.#clock()
    const delayMs = this.#monitor.delayP99Ms
    return {
      connections: this.#connections.length,
      reconnects: this.#connections.reduce((sum, { reconnects }) => sum + reconnects, 0),
      blind: this.#blindSpans(),
      eventLoopDelayP99Ms: delayMs,
      cpu: t > 0 ? this.#monitor.cpuMs / t : 0,
      overloaded: this.#overloaded || delayMs > OVERLOADED_DELAY_MS,
      grantedQos: lowestQos(this.#connections.map(({ grantedQos }) => grantedQos)),
    }
  }

  /** Gives everything back; nothing can be read afterwards. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    this.#monitor.stop()
    this.#stalls.stop()
    await Promise.all(this.#connections.map((connection) => connection.close()))
    this.#recorder.destroy()
  }

  /** Spans in which some connection, or all of them, could not see; what ended before the run began is not part of it. */
  #blindSpans(): BlindSpan[] {
    // It may be asked before the timer that would notice has had its turn.
    this.#stalls.tick()
    const broken = this.#connections.flatMap(({ blind, blindSinceMs, trouble }) =>
      blindSinceMs === null
        ? blind
        : [...blind, { fromMs: blindSinceMs, toMs: Number.POSITIVE_INFINITY, why: trouble }],
    )
    return [...broken, ...this.#stalls.stalls]
      .map(({ fromMs, toMs, why }) => ({ fromMs: fromMs - this.#zeroMs, toMs: toMs - this.#zeroMs, why }))
      .filter(({ toMs }) => toMs > 0)
  }

  #watchLoad(t: number): void {
    const { cpuMs } = this.#monitor
    const spanMs = t - this.#window.atMs
    if (spanMs < CPU_WINDOW_MS) return
    const cpu = (cpuMs - this.#window.cpuMs) / spanMs
    if (cpu > OVERLOADED_CPU && this.#recorder.lagMs > OVERLOADED_LAG_MS) this.#overloaded = true
    this.#window = { atMs: t, cpuMs }
  }
}
