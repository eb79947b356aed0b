import type { Profile } from '../profile/profile.ts'

/** Numbers all devices of a profile through: fleet after fleet, from 0. */
export class Roster {
  readonly total: number
  /** First device of each fleet, and behind the last fleet the total. */
  readonly #starts: number[]

  constructor(counts: readonly number[]) {
    let total = 0
    this.#starts = [0]
    for (const count of counts) {
      total += count
      this.#starts.push(total)
    }
    this.total = total
  }

  /** The fleet of a device; -1 for a number that no device has. */
  fleetOf(device: number): number {
    if (!(device >= 0 && device < this.total)) return -1
    let low = 0
    let high = this.#starts.length - 1
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if ((this.#starts[middle] ?? 0) <= device) low = middle
      else high = middle
    }
    return low
  }

  /** Number of the first device of a fleet. */
  firstDevice(fleet: number): number {
    return this.#starts[fleet] ?? this.total
  }

  /** Place of a device within its fleet, from 0; -1 for a number that no device has. */
  indexOf(device: number): number {
    const fleet = this.fleetOf(device)
    return fleet < 0 ? -1 : device - this.firstDevice(fleet)
  }
}

export function createRoster(profile: {
  fleets: readonly Pick<Profile['fleets'][number], 'count'>[]
}): Roster {
  return new Roster(profile.fleets.map((fleet) => fleet.count))
}
