import { describe, expect, it } from 'vitest'
import { migrate, type Step } from './migrate.ts'

const steps = new Map<number, Step>([
  [0, ({ devices, ...rest }) => ({ ...rest, fleets: [{ count: devices }] })],
  [1, (source) => ({ ...source, seed: 1 })],
])

describe('a profile of an older version', () => {
  it('goes through one step after the other', () => {
    const old = { version: 0, devices: 5 }

    expect(migrate(old, steps, 2)).toEqual({
      ok: true,
      from: 0,
      source: { version: 2, fleets: [{ count: 5 }], seed: 1 },
    })
    expect(migrate({ version: 1, a: 1 }, steps, 2)).toMatchObject({ source: { version: 2, a: 1, seed: 1 } })
    expect(old).toEqual({ version: 0, devices: 5 })
  })

  it('stays as it is when it is of the current one', () => {
    const current = { version: 2, anything: true }

    expect(migrate(current, steps, 2)).toEqual({ ok: true, from: 2, source: current })
  })

  it('that no step knows is refused', () => {
    expect(migrate({ version: 0 })).toMatchObject({
      ok: false,
      complaint: { code: 'version', message: 'profiles of version 0 are not known to this Flotilla' },
    })
  })

  it.each([1.5, -1, '1', null, [1]])('of version %j is refused and read as the current one', (version) => {
    expect(migrate({ version, a: 1 }, steps, 2)).toMatchObject({ ok: false, readAs: { version: 2, a: 1 } })
  })

  it('of the future is refused before anything else is looked at', () => {
    expect(migrate({ version: 3 }, steps, 2)).toEqual({
      ok: false,
      complaint: {
        code: 'version',
        path: ['version'],
        message: 'made by a newer Flotilla, version 3; this one reads up to 2',
        hint: 'Update Flotilla, or save the profile with the older one.',
      },
    })
  })
})
