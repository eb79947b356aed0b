import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { THIN_SPACE } from '../metrics/format.ts'
import { clockText, intervalLine, liveLine, type RunProgress } from './progress.ts'

const progress: RunProgress = {
  state: 'running',
  tMs: 133_400,
  totalMs: 600_000,
  connected: 480,
  devices: 500,
  sentPerS: 962,
  targetPerS: 1_000,
  sent: 128_000,
  missing: 0,
  e2eP99Ms: 184,
  behind: 0,
}
const readable = (line: string) => line.replaceAll(THIN_SPACE, ' ')

describe('the live line', () => {
  it('says where the run is and how it fares', () => {
    expect(readable(liveLine(progress, 120))).toBe(
      'Running 02:13 / 10:00 · 480/500 connected · 962/s of 1 000/s · missing 0 · p99 184 ms · behind 0 · sent 128 000',
    )
  })

  it('drops the least telling parts first when the terminal is narrow', () => {
    expect(liveLine(progress, 45)).toBe('Running 02:13 / 10:00 · 480/500 connected')
    expect(liveLine(progress, 10)).toBe('Running 0…')
  })

  it('is never wider than the terminal', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.nat(), fc.nat(), (columns, sent, tMs) => {
        expect(liveLine({ ...progress, sent, tMs }, columns).length).toBeLessThanOrEqual(columns)
      }),
    )
  })

  it('leaves out what is not known yet', () => {
    expect(liveLine({ ...progress, state: 'starting' }, 80)).toBe('Starting')
    expect(liveLine({ ...progress, e2eP99Ms: null }, 200)).not.toContain('p99')
    expect(readable(liveLine({ ...progress, sentPerS: null }, 200))).toContain(' · target 1 000/s · ')
  })

  it('shows no fractions that would make it flicker', () => {
    expect(liveLine({ ...progress, sentPerS: 24.7, targetPerS: 25 }, 200)).toContain(' 25/s of 25/s ')
    expect(liveLine({ ...progress, sentPerS: 0.25, targetPerS: 0.2 }, 200)).toContain(' 0.25/s of 0.2/s ')
  })

  it('ends with how long the run took', () => {
    expect(liveLine({ ...progress, state: 'done', tMs: 605_000 }, 80)).toMatch(/^Done after 10:05 · 480/)
  })

  it('counts down while it drains', () => {
    const line = liveLine({ ...progress, state: 'draining', drainRemainingMs: 7_200, connected: 500 }, 60)

    expect(readable(line)).toBe('Draining, about 8 s left · 500/500 connected · missing 0')
  })
})

it('writes a log line without characters that a log viewer may not know', () => {
  expect(intervalLine(progress)).toBe(
    'Running 02:13 / 10:00, 480/500 connected, 962/s of 1 000/s, missing 0, p99 184 ms, behind 0, sent 128 000',
  )
})

it('shows hours only when there are any', () => {
  expect([0, 59_999, 3_599_000, 3_600_000, 36_061_000].map(clockText)).toEqual([
    '00:00',
    '00:59',
    '59:59',
    '1:00:00',
    '10:01:01',
  ])
})
