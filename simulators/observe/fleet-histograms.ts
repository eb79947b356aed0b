import { LatencyHistogram } from '../metrics/histogram.ts'
import type { FleetLatencies } from '../run/messages.ts'

interface Pair {
  afterUs: number
  fromIntended: LatencyHistogram
  fromSent: LatencyHistogram
}

/** End-to-end latencies of one fleet: the whole run, what follows each warm-up, and the time since the last sample. */
export class FleetHistograms {
  readonly #whole: Pair = pairAfter(0)
  readonly #interval = new LatencyHistogram()
  #afterWarmUp: Pair[] = []

  /** `warmUps` in ms of the run. */
  begin(warmUps: readonly number[]): void {
    for (const pair of this.#afterWarmUp)
      for (const each of [pair.fromIntended, pair.fromSent]) each.destroy()
    this.#afterWarmUp = warmUps.map((ms) => pairAfter(ms * 1_000))
  }

  /** Times in microseconds. */
  record(latencyUs: number, sentLagUs: number, intendedUs: number): void {
    const fromSentUs = latencyUs - sentLagUs
    this.#interval.record(latencyUs)
    this.#whole.fromIntended.record(latencyUs)
    this.#whole.fromSent.record(fromSentUs)
    for (const pair of this.#afterWarmUp) {
      if (intendedUs < pair.afterUs) continue
      pair.fromIntended.record(latencyUs)
      pair.fromSent.record(fromSentUs)
    }
  }

  /** What came since the last call, from intended; null when nothing did. */
  takeInterval(): Uint8Array | null {
    if (this.#interval.isEmpty) return null
    const encoded = this.#interval.encode()
    this.#interval.reset()
    return encoded
  }

  destroy(): void {
    this.#interval.destroy()
    for (const { fromIntended, fromSent } of [this.#whole, ...this.#afterWarmUp]) {
      fromIntended.destroy()
      fromSent.destroy()
    }
  }

  encode(): FleetLatencies {
    return { ...encodePair(this.#whole), afterWarmUp: this.#afterWarmUp.map(encodePair) }
  }
}

function pairAfter(afterUs: number): Pair {
  return { afterUs, fromIntended: new LatencyHistogram(), fromSent: new LatencyHistogram() }
}

function encodePair({ fromIntended, fromSent }: Pair) {
  return { fromIntended: fromIntended.encode(), fromSent: fromSent.encode() }
}
