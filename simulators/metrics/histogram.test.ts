import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EMPTY_SUMMARY, HIGHEST_US, LatencyHistogram, loadHistograms } from './histogram.ts'

beforeAll(loadHistograms)

const made: LatencyHistogram[] = []
afterAll(() => {
  for (const histogram of made) histogram.destroy()
})

function histogram(values: number[] = []): LatencyHistogram {
  const result = new LatencyHistogram()
  made.push(result)
  for (const value of values) result.record(value)
  return result
}

/** Everything that can be asked of a histogram. */
function all(of: LatencyHistogram): unknown {
  return { summary: of.summary(), clamped: of.clamped, p0: of.percentile(0), p9999: of.percentile(99.99) }
}

/** By definition: the least value that at least this percentage does not exceed. */
function truePercentile(sorted: number[], percent: number): number {
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? 0
}

const latencies = fc.array(
  fc.oneof(
    fc.integer({ min: 0, max: 5_000 }),
    fc.integer({ min: 0, max: HIGHEST_US }),
    fc.integer({ min: HIGHEST_US, max: 2 * HIGHEST_US }),
    fc.integer({ min: -100, max: -1 }),
  ),
  { maxLength: 300 },
)

describe('a latency histogram', () => {
  it('knows the percentiles of what it recorded, in milliseconds', () => {
    const recorded = histogram(Array.from({ length: 1_000 }, (_, index) => (index + 1) * 1_000))

    expect(recorded.summary()).toMatchObject({ count: 1_000, min: 1, max: 1_000, mean: 500.5, negative: 0 })
    for (const [percent, ms] of [
      [50, 500],
      [90, 900],
      [95, 950],
      [99, 990],
      [99.9, 999],
    ] as const) {
      expect(Math.abs(recorded.percentile(percent) / ms - 1)).toBeLessThan(0.001)
    }
  })

  it('keeps zeros', () => {
    expect(histogram([0, 0, 0, 1_000]).summary()).toMatchObject({
      count: 4,
      min: 0,
      p50: 0,
      max: 1,
      mean: 0.25,
    })
  })

  it('counts negative values and leaves them out', () => {
    const recorded = histogram([-1, -5_000, Number.NaN, 2_000])

    expect(recorded.summary()).toMatchObject({ count: 1, min: 2, p50: 2, max: 2, mean: 2, negative: 3 })
  })

  it('counts values above an hour as an hour', () => {
    const recorded = histogram([HIGHEST_US + 1, 1e15, Number.POSITIVE_INFINITY, HIGHEST_US])

    expect(recorded.clamped).toBe(3)
    expect(recorded.summary()).toMatchObject({ count: 4, min: 3_600_000, p50: 3_600_000, max: 3_600_000 })
  })

  it('rounds fractions of a microsecond', () => {
    expect(histogram([0.4, 1.6]).summary()).toMatchObject({ count: 2, min: 0, max: 0.002 })
  })

  it('is all zeros when empty, and again after a reset', () => {
    const recorded = histogram([5, -5, 1e12])
    recorded.reset()

    expect(recorded.summary()).toEqual(EMPTY_SUMMARY)
    expect(recorded.isEmpty).toBe(true)
    recorded.record(7_000)
    expect(recorded.summary()).toMatchObject({ count: 1, min: 7, p50: 7, max: 7 })
  })

  it('is within a thousandth of the true percentile, and exact at both ends', () => {
    fc.assert(
      fc.property(latencies, fc.double({ min: 0, max: 100, noNaN: true }), (values, percent) => {
        const recorded = histogram()
        recorded.reset()
        for (const value of values) recorded.record(value)
        const kept = values.filter((value) => value >= 0).map((value) => Math.min(value, HIGHEST_US))
        const sorted = kept.sort((a, b) => a - b)

        expect(recorded.count).toBe(sorted.length)
        if (sorted.length > 0) {
          expect(recorded.summary()).toMatchObject({
            min: (sorted[0] ?? 0) / 1_000,
            max: (sorted.at(-1) ?? 0) / 1_000,
          })
          // Just above and below, for a percentage that rounding puts on the other side of a sample.
          const low = truePercentile(sorted, percent - 1e-6) / 1_000
          const high = truePercentile(sorted, Math.min(100, percent + 1e-6)) / 1_000
          expect(recorded.percentile(percent)).toBeGreaterThanOrEqual(low * 0.999)
          expect(recorded.percentile(percent)).toBeLessThanOrEqual(high * 1.001)
        }
        made.pop()?.destroy()
      }),
    )
  })

  it('merges exactly: the parts make the whole, in memory and through bytes', () => {
    fc.assert(
      fc.property(fc.array(latencies, { minLength: 1, maxLength: 5 }), (parts) => {
        const whole = histogram(parts.flat())
        const merged = histogram()
        const decoded = histogram()
        for (const part of parts) {
          const piece = histogram(part)
          merged.merge(piece)
          decoded.mergeEncoded(piece.encode())
          made.pop()?.destroy()
        }

        expect(all(merged)).toEqual(all(whole))
        expect(all(decoded)).toEqual(all(whole))
        for (let n = 0; n < 3; n += 1) made.pop()?.destroy()
      }),
    )
  })

  it('survives a round trip through a slice of a larger buffer', () => {
    const recorded = histogram([1, 10, 100_000, -3, 1e12])
    const bytes = recorded.encode()
    const padded = new Uint8Array(bytes.length + 10)
    padded.set(bytes, 3)
    const decoded = LatencyHistogram.decode(padded.subarray(3, 3 + bytes.length))
    made.push(decoded)

    expect(all(decoded)).toEqual(all(recorded))
  })

  it('encodes a few samples in a few hundred bytes', () => {
    expect(histogram().encode().length).toBeLessThan(100)
    expect(histogram([300, 310, 350, 900, 12_000]).encode().length).toBeLessThan(300)
  })

  it('refuses bytes that are no histogram', () => {
    const bytes = histogram([5]).encode()

    expect(() => LatencyHistogram.decode(new Uint8Array(0))).toThrow(/not an encoded/)
    expect(() => LatencyHistogram.decode(bytes.subarray(0, bytes.length - 1))).toThrow(/not an encoded/)
    expect(() => LatencyHistogram.decode(new Uint8Array(bytes.length))).toThrow(/not an encoded/)
  })
})
