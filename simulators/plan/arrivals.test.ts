import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { StageSettings } from '../profile/schema/profile.ts'
import { connectPlan } from './arrivals.ts'
import { createTimeline } from './timeline.ts'

const FOREVER = Number.POSITIVE_INFINITY

function plan(count: number, rate: number, stages: StageSettings[]) {
  return connectPlan({ count, connect: { rate, inFlight: 64, timeout: 10_000 } }, createTimeline(stages))
}

const stages = fc.array(
  fc.record(
    {
      for: fc.integer({ min: 1, max: 20_000 }),
      devices: fc.integer({ min: 0, max: 100 }).map((n) => n / 100),
    },
    { requiredKeys: ['for'] },
  ),
  { minLength: 1, maxLength: 8 },
)

describe('the plan of connections', () => {
  it('connects all at connect.rate on an absolute grid when the stages name no devices', () => {
    const connects = plan(1_000_000, 100, [{ for: 3_600_000_000 }])

    expect([0, 1, 999, 999_999].map((index) => connects.spansOf(index))).toEqual([
      [{ connectMs: 0, disconnectMs: FOREVER }],
      [{ connectMs: 10, disconnectMs: FOREVER }],
      [{ connectMs: 9_990, disconnectMs: FOREVER }],
      [{ connectMs: 9_999_990, disconnectMs: FOREVER }],
    ])
  })

  it('spreads a ramp evenly over its stage', () => {
    const connects = plan(4, 100, [{ for: 8_000, devices: 1 }, { for: 1_000 }])

    expect([0, 1, 2, 3].map((index) => connects.spansOf(index)[0]?.connectMs)).toEqual([
      0, 2_000, 4_000, 6_000,
    ])
    expect([0, 1, 2_000, 2_001, 8_000, 9_000].map((t) => connects.connectedAt(t))).toEqual([0, 1, 1, 2, 4, 4])
  })

  it('lets the last that came go first, and return in order', () => {
    const connects = plan(4, 100, [
      { for: 4_000, devices: 1 },
      { for: 2_000, devices: 0.5 },
      { for: 4_000, devices: 1 },
    ])

    expect([0, 1, 2, 3].map((index) => connects.spansOf(index))).toEqual([
      [{ connectMs: 0, disconnectMs: FOREVER }],
      [{ connectMs: 1_000, disconnectMs: FOREVER }],
      [
        { connectMs: 2_000, disconnectMs: 6_000 },
        { connectMs: 6_000, disconnectMs: FOREVER },
      ],
      [
        { connectMs: 3_000, disconnectMs: 5_000 },
        { connectMs: 8_000, disconnectMs: FOREVER },
      ],
    ])
  })

  it('carries a ramp that connect.rate holds back into the next stage', () => {
    const connects = plan(10, 1, [{ for: 4_000, devices: 1 }, { for: 20_000 }])

    expect([0, 4, 9].map((index) => connects.spansOf(index)[0]?.connectMs)).toEqual([0, 4_000, 9_000])
    expect(connects.peak).toBe(10)
  })

  it('leaves out devices whose turn never comes', () => {
    const connects = plan(10, 1, [{ for: 4_500 }])

    expect([4, 5].map((index) => connects.spansOf(index).length)).toEqual([1, 0])
    expect(connects.peak).toBe(5)
  })

  it('keeps its spacing when devices return right after others came', () => {
    const connects = plan(10, 10, [
      { for: 950, devices: 1 },
      { for: 1, devices: 0.5 },
      { for: 10_000, devices: 1 },
    ])

    expect(connects.spansOf(9)[0]).toMatchObject({ connectMs: 900 })
    expect(connects.spansOf(5)[1]?.connectMs).toBeCloseTo(1_000, 6)
  })

  it('rounds the share of a stage to whole devices', () => {
    const connects = plan(100, 1_000, [{ for: 1_000, devices: 0.29 }, { for: 1_000 }])

    expect(connects.connectedAt(1_500)).toBe(29)
    expect([28, 29].map((index) => connects.spansOf(index).length)).toEqual([1, 0])
    expect(plan(10, 1_000, [{ for: 1_000, devices: 0.24 }]).peak).toBe(2)
  })

  it('never connects faster than connect.rate, and agrees with itself about who is connected', () => {
    fc.assert(
      fc.property(
        stages,
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 200 }),
        (settings, count, rate) => {
          const connects = plan(count, rate, settings)
          const spans = Array.from({ length: count }, (_, index) => connects.spansOf(index))
          const times = spans.flat().map((span) => span.connectMs)
          times.sort((a, b) => a - b)

          for (let next = 1; next < times.length; next += 1) {
            expect((times[next] ?? 0) - (times[next - 1] ?? 0)).toBeGreaterThanOrEqual(1_000 / rate - 1e-3)
          }
          const durationMs = settings.reduce((sum, stage) => sum + stage.for, 0)
          for (const share of [0.1, 0.37, 0.5, 0.73, 0.99]) {
            const timeMs = share * durationMs
            const near = spans
              .flat()
              .some((s) => Math.min(Math.abs(s.connectMs - timeMs), Math.abs(s.disconnectMs - timeMs)) < 1e-3)
            if (near) continue
            const connected = spans
              .flat()
              .filter((s) => s.connectMs < timeMs && s.disconnectMs > timeMs).length
            expect(connects.connectedAt(timeMs)).toBe(connected)
          }
        },
      ),
      { numRuns: 300 },
    )
  })

  it('connects no more than the stages ask for', () => {
    fc.assert(
      fc.property(stages, fc.integer({ min: 1, max: 200 }), (settings, rate) => {
        const timeline = createTimeline(settings)
        const connects = plan(100, rate, settings)

        for (let timeMs = 0; timeMs < timeline.durationMs; timeMs += timeline.durationMs / 37) {
          const target = timeline.connectedShareAt(timeMs) * 100
          expect(connects.connectedAt(timeMs)).toBeLessThanOrEqual(Math.ceil(target + 1e-6))
        }
      }),
    )
  })
})
