// Long because every kind of arrival is held to the same laws.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { StageSettings } from '../profile/schema/profile.ts'
import type { ArrivalSettings } from '../profile/schema/publish.ts'
import type { DeviceSpan } from './arrivals.ts'
import { createRandom } from './random.ts'
import { createSchedule, type SchedulePlan } from './schedule.ts'
import { createTimeline } from './timeline.ts'

const FOREVER = Number.POSITIVE_INFINITY

interface Case {
  every?: number
  arrival?: ArrivalSettings
  limit?: number
  stages?: StageSettings[]
  startMs?: number
  spans?: DeviceSpan[]
  seed?: number
}

function times({
  every = 100,
  arrival = 'constant',
  limit,
  stages,
  startMs = 0,
  spans,
  seed = 1,
}: Case): number[] {
  const plan: SchedulePlan = {
    publish: { every, arrival, ...(limit === undefined ? {} : { limit }) },
    timeline: createTimeline(stages ?? [{ for: 10_000 }]),
    random: createRandom(seed),
    startMs,
    ...(spans ? { spans } : {}),
  }
  const schedule = createSchedule(plan)
  const due: number[] = []
  for (let next = schedule.nextMs(); next < FOREVER; next = schedule.nextMs()) due.push(next)
  expect(schedule.nextMs()).toBe(FOREVER)
  return due
}

const gapsOf = (due: number[]) => due.slice(1).map((time, index) => time - (due[index] ?? 0))
const between = (due: number[], from: number, to: number) => due.filter((time) => time >= from && time < to)

const arrivals = fc.oneof(
  fc.constantFrom<ArrivalSettings>('constant', 'jitter', 'poisson'),
  fc.record({ burst: fc.integer({ min: 1, max: 20 }), spacing: fc.integer({ min: 0, max: 500 }) }),
)
const stagesOf = fc.array(
  fc.record(
    { for: fc.integer({ min: 1, max: 5_000 }), rate: fc.constantFrom(0, 0.1, 0.5, 1, 3, 10) },
    { requiredKeys: ['for'] },
  ),
  { minLength: 1, maxLength: 6 },
)

describe('a constant schedule', () => {
  it('starts at a random point of its first period and keeps its period to the end', () => {
    const due = times({ every: 100 })

    expect(due).toHaveLength(100)
    expect(due[0]).toBeLessThan(100)
    for (const gap of gapsOf(due)) expect(gap).toBeCloseTo(100, 6)
  })

  it('never drifts, not even over a million messages', () => {
    const due = times({ every: 0.1, stages: [{ for: 100_000 }] })

    expect(due).toHaveLength(1_000_000)
    expect((due.at(-1) ?? 0) - (due[0] ?? 0)).toBeCloseTo(99_999.9, 6)
  })

  it('runs three times as fast while the factor is 3, and not at all while it is 0', () => {
    const due = times({
      stages: [{ for: 1_000 }, { for: 1_000, rate: 3 }, { for: 1_000, rate: 0 }, { for: 1_000, rate: 1 }],
    })

    expect([0, 1_000, 2_000, 3_000].map((from) => between(due, from, from + 1_000).length)).toEqual([
      10, 30, 0, 10,
    ])
  })

  it('puts devices of different seeds at different points', () => {
    const phases = Array.from({ length: 1_000 }, (_, seed) => times({ seed, limit: 1 })[0] ?? 0)

    expect(phases.reduce((sum, phase) => sum + phase, 0) / phases.length).toBeCloseTo(50, -1)
    expect(Math.max(...phases) - Math.min(...phases)).toBeGreaterThan(99)
  })

  it('takes its period from a rate', () => {
    const schedule = createSchedule({
      publish: { rate: 5, arrival: 'constant' },
      timeline: createTimeline([{ for: 10_000 }]),
      random: createRandom(1),
      startMs: 0,
    })

    expect(-schedule.nextMs() + schedule.nextMs()).toBeCloseTo(200, 6)
  })
})

describe('a schedule with jitter', () => {
  it('has one message in each period, evenly anywhere in it', () => {
    const due = times({ arrival: 'jitter', every: 10 })

    expect(due.map((time) => Math.floor(time / 10))).toEqual(Array.from({ length: 1_000 }, (_, turn) => turn))
    const places = due.map((time) => time % 10)
    expect(places.reduce((sum, place) => sum + place, 0) / places.length).toBeCloseTo(5, 0)
  })
})

describe('a Poisson schedule', () => {
  it('has exponential gaps of the right mean', () => {
    const gaps = gapsOf(times({ arrival: 'poisson', every: 1, stages: [{ for: 100_000 }] }))
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length
    const longer = gaps.filter((gap) => gap > 1).length / gaps.length

    expect(mean).toBeCloseTo(1, 1)
    expect(longer).toBeCloseTo(Math.exp(-1), 2)
  })
})

describe('a schedule of bursts', () => {
  it('sends each burst at its spacing, from burst to burst in `every`', () => {
    const due = times({ arrival: { burst: 3, spacing: 5 }, every: 1_000 })

    expect(due).toHaveLength(30)
    expect(gapsOf(due.slice(0, 4)).map(Math.round)).toEqual([5, 5, 990])
  })

  it('counts messages, not bursts, in a rate', () => {
    const schedule = createSchedule({
      publish: { rate: 10, arrival: { burst: 20, spacing: 0 } },
      timeline: createTimeline([{ for: 100_000 }]),
      random: createRandom(1),
      startMs: 0,
    })
    let count = 0
    while (schedule.nextMs() < FOREVER) count += 1

    expect(count).toBe(1_000)
  })

  it('squeezes bursts that are longer than their period', () => {
    const due = times({ arrival: { burst: 4, spacing: 500 }, every: 100 })

    for (const gap of gapsOf(due)) expect(gap).toBeCloseTo(25, 6)
  })
})

describe('a schedule', () => {
  it('stops at its limit', () => {
    expect(times({ limit: 7 })).toHaveLength(7)
    expect(times({ limit: 7, arrival: { burst: 5, spacing: 1 } })).toHaveLength(7)
    expect(times({ limit: 1_000_000 })).toHaveLength(100)
  })

  it('is silent for a device that never connects', () => {
    expect(times({ startMs: FOREVER })).toEqual([])
    expect(times({ spans: [] })).toEqual([])
  })

  it('is silent while the stages keep the device away, and comes back on its grid', () => {
    const spans = [
      { connectMs: 1_000, disconnectMs: 2_000 },
      { connectMs: 7_000, disconnectMs: FOREVER },
    ]
    const due = times({ spans })

    expect(between(due, 1_000, 2_000)).toHaveLength(10)
    expect(between(due, 7_000, 10_000)).toHaveLength(30)
    expect(due).toHaveLength(40)
    for (const time of due) expect((time - (due[0] ?? 0) + 1e-6) % 100).toBeLessThan(1e-5)
  })

  it('counts the first moment of a span in and the last one out', () => {
    const stages = [
      { for: 3_000, rate: 3 },
      { for: 3_000, rate: 0.7 },
      { for: 3_000, rate: 1.1 },
    ]
    const due = times({ stages, every: 37 })
    for (let from = 0; from + 20 < due.length; from += 1) {
      // Also a hair after a due time, where the way to work and back rounds.
      const connectMs = (due[from + 5] ?? 0) * (from % 2 === 0 ? 1 : 1 + Number.EPSILON)
      const disconnectMs = due[from + 10] ?? 0
      const spans = [
        { connectMs: 0, disconnectMs: due[0] ?? 0 },
        { connectMs, disconnectMs },
      ]
      const again = times({ stages, every: 37, spans })

      expect(again.every((time) => time >= connectMs && time < disconnectMs)).toBe(true)
      expect(again.length).toBeGreaterThanOrEqual(4)
    }
  })

  it('owes as much per connected time when the stages call the device back again and again', () => {
    const spans = Array.from({ length: 20_000 }, (_, turn) => ({
      connectMs: turn * 500,
      disconnectMs: turn * 500 + 150,
    }))
    for (const arrival of ['constant', 'jitter', 'poisson'] as const) {
      const due = times({ arrival, spans, every: 97, stages: [{ for: 10_000_000 }] })

      expect(due.length / (20_000 * (150 / 97))).toBeCloseTo(1, 1)
    }
  })

  it('stays within its bounds and never goes back, whatever the arrival, the stages and the spans', () => {
    fc.assert(
      fc.property(
        arrivals,
        stagesOf,
        fc.integer({ min: 5, max: 2_000 }),
        fc.array(fc.integer({ min: 0, max: 20_000 }), { minLength: 1, maxLength: 6 }),
        fc.nat(),
        (arrival, stages, every, edges, seed) => {
          const sorted = [...new Set(edges)].sort((a, b) => a - b)
          const spans: DeviceSpan[] = []
          for (let edge = 0; edge < sorted.length; edge += 2) {
            spans.push({ connectMs: sorted[edge] ?? 0, disconnectMs: sorted[edge + 1] ?? FOREVER })
          }
          const durationMs = stages.reduce((sum, stage) => sum + stage.for, 0)
          const due = times({ arrival, stages, every, spans, seed })

          expect(gapsOf(due).every((gap) => gap >= 0)).toBe(true)
          const strays = due.filter(
            (time) =>
              time >= durationMs || !spans.some((span) => time >= span.connectMs && time < span.disconnectMs),
          )
          expect(strays).toEqual([])
        },
      ),
    )
  })

  it('owes work divided by the period on average, for every kind of arrival', () => {
    const kinds: ArrivalSettings[] = ['constant', 'jitter', 'poisson', { burst: 1, spacing: 0 }]
    for (const arrival of kinds) {
      let count = 0
      for (let seed = 0; seed < 2_000; seed += 1) {
        count += times({ arrival, seed, every: 300, stages: [{ for: 1_000 }, { for: 500, rate: 3 }] }).length
      }

      expect(count / 2_000 / (2_500 / 300)).toBeCloseTo(1, 1)
    }
  })
})
