import { describe, expect, it } from 'vitest'
import { createRoster } from './roster.ts'

const roster = createRoster({ fleets: [{ count: 3 }, { count: 1 }, { count: 1_000_000 }] })

describe('a roster', () => {
  it('numbers the devices of all fleets through', () => {
    const devices = [0, 2, 3, 4, 1_000_003]

    expect(roster.total).toBe(1_000_004)
    expect(devices.map((device) => [roster.fleetOf(device), roster.indexOf(device)])).toEqual([
      [0, 0],
      [0, 2],
      [1, 0],
      [2, 0],
      [2, 999_999],
    ])
    expect([0, 1, 2].map((fleet) => roster.firstDevice(fleet))).toEqual([0, 3, 4])
  })

  it('knows numbers that no device has', () => {
    expect([-1, 1_000_004, 2 ** 32, Number.NaN].map((device) => roster.fleetOf(device))).toEqual([
      -1, -1, -1, -1,
    ])
    expect(roster.indexOf(1_000_004)).toBe(-1)
  })
})
