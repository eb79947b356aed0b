import { initWebAssembly, WasmHistogram } from 'hdr-histogram-js'
import type { LatencySummary } from './types.ts'

/** One hour. Longer latencies are counted as this, and counted. */
export const HIGHEST_US = 3_600_000_000

const VERSION = 1
/** Version, then seven doubles: count, negative, clamped, sum, min, max, length of what follows. */
const HEADER_BYTES = 8 + 7 * 8

let loading: Promise<void> | undefined

/** Makes histograms available. WebAssembly, because it records in a sixth of the time of the JavaScript build. */
export function loadHistograms(): Promise<void> {
  loading ??= initWebAssembly()
  return loading
}

function buildCounts(): WasmHistogram {
  return WasmHistogram.build({
    bitBucketSize: 32,
    autoResize: false,
    lowestDiscernibleValue: 1,
    highestTrackableValue: HIGHEST_US,
    numberOfSignificantValueDigits: 3,
  })
}

/**
 * Latencies in microseconds with three significant digits. Merging is exact: buckets add up, and count, sum, least and
 * greatest are kept beside them. `destroy` gives its 94 KB back, which no garbage collector does.
 */
export class LatencyHistogram {
  #counts: WasmHistogram
  #count = 0
  #negative = 0
  #clamped = 0
  #sumUs = 0
  #minUs = Number.POSITIVE_INFINITY
  #maxUs = 0

  constructor() {
    this.#counts = buildCounts()
  }

  /** Latencies kept; negative ones are not. */
  get count(): number {
    return this.#count
  }

  /** Values below zero, or none at all: a clock problem. */
  get negative(): number {
    return this.#negative
  }

  /** Values above one hour, kept as one hour. */
  get clamped(): number {
    return this.#clamped
  }

  get isEmpty(): boolean {
    return this.#count === 0 && this.#negative === 0
  }

  record(us: number): void {
    // Not `us < 0`: what is not a number must not reach WebAssembly either.
    if (!(us >= 0)) {
      this.#negative += 1
      return
    }
    let value = Math.round(us)
    if (value > HIGHEST_US) {
      value = HIGHEST_US
      this.#clamped += 1
    }
    this.#counts.recordValue(value)
    this.#count += 1
    this.#sumUs += value
    if (value < this.#minUs) this.#minUs = value
    if (value > this.#maxUs) this.#maxUs = value
  }

  merge(other: LatencyHistogram): void {
    if (other.#count > 0) this.#counts.add(other.#counts)
    this.#add(other.#count, other.#negative, other.#clamped, other.#sumUs, other.#minUs, other.#maxUs)
  }

  /** Merges what another process has encoded. */
  mergeEncoded(bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const value = (place: number) => view.getFloat64(8 + place * 8)
    if (
      bytes.length < HEADER_BYTES ||
      view.getUint32(0) !== VERSION ||
      bytes.length !== HEADER_BYTES + value(6)
    ) {
      throw new Error(`${bytes.length} bytes are not an encoded latency histogram`)
    }
    if (value(0) > 0) {
      const counts = WasmHistogram.decode(bytes.slice(HEADER_BYTES), 32, HIGHEST_US)
      // The library types the result as either build; from WasmHistogram.decode it can only be this one.
      this.#counts.add(counts as WasmHistogram)
      counts.destroy()
    }
    this.#add(value(0), value(1), value(2), value(3), value(4), value(5))
  }

  reset(): void {
    if (this.#count > 0) this.#counts.reset()
    this.#count = 0
    this.#negative = 0
    this.#clamped = 0
    this.#sumUs = 0
    this.#minUs = Number.POSITIVE_INFINITY
    this.#maxUs = 0
  }

  /** The latency, in ms, that this percentage of all does not exceed; 0 without samples. */
  percentile(percent: number): number {
    if (this.#count === 0) return 0
    // A bucket answers with its upper edge, which may lie above the greatest value there was.
    const us = this.#counts.getValueAtPercentile(percent)
    return Math.min(Math.max(us, this.#minUs), this.#maxUs) / 1_000
  }

  summary(): LatencySummary {
    return {
      count: this.#count,
      min: this.#count === 0 ? 0 : this.#minUs / 1_000,
      p50: this.percentile(50),
      p90: this.percentile(90),
      p95: this.percentile(95),
      p99: this.percentile(99),
      p999: this.percentile(99.9),
      max: this.#maxUs / 1_000,
      mean: this.#count === 0 ? 0 : this.#sumUs / this.#count / 1_000,
      negative: this.#negative,
    }
  }

  /** Everything, for another process: a header of ours before the V2 encoding of HdrHistogram. */
  encode(): Uint8Array {
    const counts = this.#count > 0 ? this.#counts.encode() : new Uint8Array(0)
    const bytes = new Uint8Array(HEADER_BYTES + counts.length)
    const view = new DataView(bytes.buffer)
    view.setUint32(0, VERSION)
    const header = [
      this.#count,
      this.#negative,
      this.#clamped,
      this.#sumUs,
      this.#minUs,
      this.#maxUs,
      counts.length,
    ]
    for (const [place, value] of header.entries()) view.setFloat64(8 + place * 8, value)
    bytes.set(counts, HEADER_BYTES)
    return bytes
  }

  static decode(bytes: Uint8Array): LatencyHistogram {
    const histogram = new LatencyHistogram()
    histogram.mergeEncoded(bytes)
    return histogram
  }

  #add(count: number, negative: number, clamped: number, sumUs: number, minUs: number, maxUs: number): void {
    this.#count += count
    this.#negative += negative
    this.#clamped += clamped
    this.#sumUs += sumUs
    this.#minUs = Math.min(this.#minUs, minUs)
    this.#maxUs = Math.max(this.#maxUs, maxUs)
  }

  /** Gives the memory back; the histogram is of no use after this. */
  destroy(): void {
    this.#counts.destroy()
  }
}

/** A summary of no samples. */
export const EMPTY_SUMMARY: Readonly<LatencySummary> = {
  count: 0,
  min: 0,
  p50: 0,
  p90: 0,
  p95: 0,
  p99: 0,
  p999: 0,
  max: 0,
  mean: 0,
  negative: 0,
}
