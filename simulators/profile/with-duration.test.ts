import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseProfile } from './parse.ts'
import type { Profile } from './profile.ts'
import { withDuration } from './with-duration.ts'

function profileOf(stages: object[]): Profile {
  const parsed = parseProfile(JSON.stringify({ version: 1, fleets: [{ count: 1 }], stages }))
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
  return parsed.profile
}

describe('another duration', () => {
  it('scales every stage in proportion', () => {
    const profile = profileOf([
      { for: '10s', devices: '100%' },
      { for: '30s', rate: 2 },
    ])

    expect(withDuration(profile, 20_000).stages).toEqual([
      { for: 5_000, devices: 1 },
      { for: 15_000, rate: 2 },
    ])
  })

  it('is met to the millisecond, whatever the stages', () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(lengths, fc.integer({ min: 1, max: 10_000_000 }), (all, total) => {
        const { stages } = withDuration(profileOf(all.map((ms) => ({ for: `${ms}ms` }))), total)
        expect(stages.reduce((sum, stage) => sum + stage.for, 0)).toBeCloseTo(total, 3)
      }),
      { numRuns: 30 },
    )
  })

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('of %d is refused', (total) => {
    expect(() => withDuration(profileOf([{ for: '1s' }]), total)).toThrow('a run cannot last')
  })
})
