import { LatencyHistogram } from './histogram.ts'
import { SecondLatencies } from './series-latency.ts'
import { type SeriesCount, SeriesRow } from './series-row.ts'
import { type SecondsSink, SeriesSource, type SeriesTotals } from './series-source.ts'
import type { SeriesPoint } from './types.ts'

/** One hour in seconds; after that points cover two seconds each, then four, so that memory stays bounded. */
export const MOST_POINTS = 3_600

export interface SeriesFacts {
  fleets: number
  /** Messages per second that are owed at a time, by a fleet or by all. */
  targetRateHz: (timeMs: number, fleet?: number) => number
  mostPoints?: number
}

/**
 * The course of a run in points of one second, per fleet and in total, from samples that shards and observers take at
 * times of their own. Call `loadHistograms` first.
 */
export class Series {
  readonly #facts: SeriesFacts
  /** One row per fleet, and the total behind them. */
  readonly #rows: SeriesRow[]
  readonly #latencies: { ack: SecondLatencies; e2e: SecondLatencies }[]
  readonly #sources = new Map<string, SeriesSource[]>()
  readonly #ended = new Set<string>()
  readonly #scratch = new LatencyHistogram()
  #intervalS = 1
  #lateSamples = 0

  constructor(facts: SeriesFacts) {
    this.#facts = facts
    this.#rows = Array.from({ length: facts.fleets + 1 }, () => new SeriesRow())
    this.#latencies = this.#rows.map((row) => ({
      ack: new SecondLatencies((second, p50Ms, p99Ms) => {
        row.latency(this.#intervalOf(second), 'ackP50', p50Ms)
        row.latency(this.#intervalOf(second), 'ackP99', p99Ms)
      }),
      e2e: new SecondLatencies((second, p50Ms, p99Ms) => {
        row.latency(this.#intervalOf(second), 'e2eP50', p50Ms)
        row.latency(this.#intervalOf(second), 'e2eP99', p99Ms)
      }),
    }))
  }

  /** Seconds that each point covers. */
  get intervalS(): number {
    return this.#intervalS
  }

  /** Samples that came too late for the course of the run; totals and percentiles of the report have them all the same. */
  get lateSamples(): number {
    return this.#lateSamples
  }

  /** Takes the totals of a source, per fleet, since the start of the run. */
  sample(source: string, timeMs: number, fleets: readonly SeriesTotals[]): void {
    if (timeMs < 0) return
    if (this.#ended.has(source)) {
      this.#lateSamples += 1
      return
    }
    let parts = this.#sources.get(source)
    if (!parts) {
      parts = Array.from({ length: this.#facts.fleets }, (_, fleet) => new SeriesSource(this.#sinkOf(fleet)))
      this.#sources.set(source, parts)
    }
    for (const [fleet, totals] of fleets.entries()) parts[fleet]?.sample(timeMs, totals)
  }

  /** Takes encoded histograms, per fleet, of the time since the last ones of the same source. */
  latencies(kind: 'ack' | 'e2e', timeMs: number, fleets: readonly (Uint8Array | null)[]): void {
    if (timeMs < 0) return
    const second = Math.max(0, Math.ceil(timeMs / 1_000) - 1)
    for (const [fleet, bytes] of fleets.entries()) {
      if (!bytes) continue
      this.#scratch.reset()
      this.#scratch.mergeEncoded(bytes)
      const ofFleet = this.#latencies[fleet]?.[kind].add(second, this.#scratch)
      const ofAll = this.#latencies[this.#facts.fleets]?.[kind].add(second, this.#scratch)
      if (!ofFleet || !ofAll) this.#lateSamples += 1
    }
  }

  /** A source is gone: what it counted stays, what it held connected does not. */
  end(source: string): void {
    for (const part of this.#sources.get(source) ?? []) part.finish()
    this.#sources.delete(source)
    this.#ended.add(source)
  }

  /** Ends all sources and closes every second; call it once, when the run is over. */
  finish(): void {
    for (const source of [...this.#sources.keys()]) this.end(source)
    for (const { ack, e2e } of this.#latencies) {
      ack.closeBefore(Number.POSITIVE_INFINITY)
      e2e.closeBefore(Number.POSITIVE_INFINITY)
    }
    this.#scratch.destroy()
  }

  /** The points of a fleet, or of all; while sources still report, those that every source has passed. */
  points(fleet?: number): SeriesPoint[] {
    const passedMs = [...this.#sources.values()].map((parts) => parts[0]?.timeMs ?? 0)
    const end = Math.floor(Math.min(...passedMs) / 1_000 / this.#intervalS)
    const row = this.#rows[fleet ?? this.#facts.fleets]
    return row?.points(this.#intervalS, end, (timeMs) => this.#facts.targetRateHz(timeMs, fleet)) ?? []
  }

  #intervalOf(second: number): number {
    while (second / this.#intervalS >= (this.#facts.mostPoints ?? MOST_POINTS)) {
      for (const row of this.#rows) row.halve()
      this.#intervalS *= 2
    }
    return Math.floor(second / this.#intervalS)
  }

  #sinkOf(fleet: number): SecondsSink {
    const rows = [this.#rows[fleet], this.#rows[this.#facts.fleets]].filter((row) => row !== undefined)
    return {
      cover: (second: number) => {
        const interval = this.#intervalOf(second)
        for (const row of rows) row.cover(interval)
      },
      count: (second: number, name: SeriesCount, amount: number) => {
        const interval = this.#intervalOf(second)
        for (const row of rows) row.count(interval, name, amount)
      },
      connected: (second: number, amount: number) => {
        const interval = this.#intervalOf(second)
        for (const row of rows) row.connected(interval, second, amount)
      },
    }
  }
}

export function createSeries(facts: SeriesFacts): Series {
  return new Series(facts)
}
