import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createTimeline } from './timeline.ts'

const stages = fc.array(
  fc.record(
    {
      for: fc.integer({ min: 1, max: 100_000 }),
      rate: fc.oneof(fc.constant(0), fc.double({ min: 0.001, max: 1_000, noNaN: true })),
      devices: fc.double({ min: 0, max: 1, noNaN: true }),
    },
    { requiredKeys: ['for'] },
  ),
  { minLength: 1, maxLength: 12 },
)

describe('a timeline', () => {
  it('lays stages end to end and keeps what a stage leaves out', () => {
    const timeline = createTimeline([
      { for: 1_000, devices: 1 },
      { for: 2_000, rate: 3 },
      { for: 1_000 },
      { for: 500, rate: 0 },
    ])

    expect(timeline.durationMs).toBe(4_500)
    expect([-1, 0, 999, 1_000, 3_999, 4_000, 4_500].map((t) => timeline.rateFactorAt(t))).toEqual([
      0, 1, 1, 3, 3, 0, 0,
    ])
    expect([0, 1_000, 2_000, 4_000, 4_500, 9_999].map((t) => timeline.work(t))).toEqual([
      0, 1_000, 4_000, 10_000, 10_000, 10_000,
    ])
  })

  it('connects all at once when the first stage names no devices', () => {
    const timeline = createTimeline([{ for: 1_000 }, { for: 1_000, devices: 0.5 }])

    expect([-1, 0, 1_000, 1_500, 2_000, 5_000].map((t) => timeline.connectedShareAt(t))).toEqual([
      0, 1, 1, 0.75, 0.5, 0.5,
    ])
  })

  it('climbs from nothing in a straight line when the first stage names devices', () => {
    const timeline = createTimeline([{ for: 1_000, devices: 0.8 }, { for: 1_000 }])

    expect([0, 500, 1_000, 1_999].map((t) => timeline.connectedShareAt(t))).toEqual([0, 0.4, 0.8, 0.8])
  })

  it('skips spans without work', () => {
    const timeline = createTimeline([{ for: 100 }, { for: 50, rate: 0 }, { for: 100, rate: 2 }])

    expect([0, 99, 100, 102, 299, 300, 1e9].map((work) => timeline.timeOf(work))).toEqual([
      0,
      99,
      150,
      151,
      249.5,
      Number.POSITIVE_INFINITY,
      Number.POSITIVE_INFINITY,
    ])
  })

  it('has no time for any work when the rate is 0 throughout', () => {
    expect(createTimeline([{ for: 100, rate: 0 }]).timeOf(0)).toBe(Number.POSITIVE_INFINITY)
  })

  it('never carries work into the next span by rounding', () => {
    const timeline = createTimeline([{ for: 127, rate: 1.1 }, { for: 3_077, rate: 0.1 }, { for: 1_000 }])
    const lastOfSecond = 447.400_000_000_000_03

    expect(lastOfSecond).toBeLessThan(timeline.work(3_204))
    expect(timeline.timeOf(lastOfSecond)).toBe(3_204)
  })

  it('finds work and time from each other, and never goes back', () => {
    fc.assert(
      fc.property(
        stages,
        fc.array(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), { minLength: 2 }),
        (settings, shares) => {
          const timeline = createTimeline(settings)
          const works = shares.map((share) => share * timeline.totalWork).sort((a, b) => a - b)
          const times = works.map((work) => timeline.timeOf(work))

          for (const [index, timeMs] of times.entries()) {
            if (timeMs === Number.POSITIVE_INFINITY) continue
            const work = works[index] ?? 0
            expect(timeMs).toBeGreaterThanOrEqual(index > 0 ? (times[index - 1] ?? 0) : 0)
            expect(timeMs).toBeLessThanOrEqual(timeline.durationMs)
            expect(Math.abs(timeline.work(timeMs) - work)).toBeLessThanOrEqual(
              1e-9 * (timeline.totalWork + 1),
            )
          }
        },
      ),
    )
  })
})
