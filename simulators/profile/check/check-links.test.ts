import { describe, expect, it } from 'vitest'
import { parseProfile } from '../parse.ts'

function read(more: object, link: unknown = { use: 'lte-m' }) {
  const fleet = { count: 1, link, publish: [{ topic: 't', every: '1s' }] }
  return parseProfile(JSON.stringify({ version: 1, fleets: [fleet], ...more }))
}

describe('links of a profile', () => {
  it('may be presets, mixes and the words of netem', () => {
    const mix = [
      { use: 'lte-m', weight: 70 },
      { use: 'nb-iot', weight: 30, up: { rate: '20kbit/s' } },
      { weight: 1, up: { netem: 'delay 100ms 20ms loss 1%' } },
    ]

    expect(read({}, mix)).toMatchObject({ ok: true, warnings: [] })
  })

  it('name cells that the profile describes', () => {
    const parsed = read({}, { use: 'lte-m', cell: 'tower-7' })

    expect(parsed).toMatchObject({
      ok: false,
      problems: [{ message: 'no cell is named "tower-7"', hint: expect.stringContaining('"cells"') }],
    })
  })

  it('are warned of when a cell is of no use, or a delay outlasts the keep-alive', () => {
    const cells = { 'tower-7': { up: '1Mbit/s', down: '1Mbit/s' } }
    const parsed = read({ cells }, { up: { delay: '40s' }, down: { delay: '30s' } })

    expect(parsed).toMatchObject({
      ok: true,
      warnings: [
        { message: expect.stringContaining('as long as the keep-alive') },
        { message: 'no link is part of this cell' },
      ],
    })
  })

  it('refuse rates that carry nothing and netem that is none', () => {
    expect(read({}, { up: { rate: '0kbit/s' } })).toMatchObject({ ok: false })
    expect(read({}, { up: { netem: 'dealy 100ms' } })).toMatchObject({ ok: false })
  })
})
