import { describe, expect, it } from 'vitest'
import { durationOption, seedOption, shardsOption, shareOption, startAtOption } from './options.ts'

const noon = Date.UTC(2026, 0, 31, 12)

describe('options', () => {
  it('are read with their units', () => {
    expect(durationOption('5m')).toBe(300_000)
    expect(seedOption('4294967295')).toBe(4_294_967_295)
    expect(shardsOption('4')).toBe(4)
    expect(shareOption('2/8')).toEqual({ index: 1, count: 8 })
    expect(startAtOption('2026-01-31T14:00:00+01:00', noon)).toBe(noon + 3_600_000)
  })

  it.each([
    ['a duration without a unit', () => durationOption('5')],
    ['a duration of nothing', () => durationOption('0s')],
    ['a negative seed', () => seedOption('-1')],
    ['a seed beyond 32 bits', () => seedOption('4294967296')],
    ['no shards', () => shardsOption('0')],
    ['a share counted from zero', () => shareOption('0/8')],
    ['a share beyond the whole', () => shareOption('9/8')],
    ['half a share', () => shareOption('2')],
    ['a time without its offset', () => startAtOption('2026-01-31T14:00:00', noon)],
    ['a time that is none', () => startAtOption('soonZ', noon)],
    ['a time that has passed', () => startAtOption('2026-01-31T11:59:59Z', noon)],
  ])('refuse %s with BAD_USAGE', (_what, read) => {
    expect(read).toThrowError(expect.objectContaining({ code: 'BAD_USAGE' }))
  })
})
