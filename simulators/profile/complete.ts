import type { Profile } from './profile.ts'
import type { FleetSettings } from './schema/fleet.ts'
import type { Profile as Parsed, StageSettings } from './schema/profile.ts'

const UNNAMED = 'Untitled'
const ONLY_STAGE: StageSettings = { for: 30_000, rate: 1 }

/** Fills what depends on more than one key: the name of the profile, the names of fleets, the stages. */
export function completeProfile(parsed: Parsed, fileName: string | undefined): Profile {
  const names = fleetNames(parsed.fleets)
  return {
    ...parsed,
    name: parsed.name ?? nameFromFile(fileName),
    fleets: parsed.fleets.map((fleet, index) => ({ ...fleet, name: names[index] ?? `fleet${index + 1}` })),
    stages: parsed.stages ?? [{ ...ONLY_STAGE }],
  }
}

/** The names that fleets go by: their own, or fleet1, fleet2 and so on by their place in the profile. */
export function fleetNames(fleets: readonly Pick<FleetSettings, 'name'>[]): string[] {
  const taken = new Set(fleets.map((fleet) => fleet.name))
  return fleets.map((fleet, index) => {
    if (fleet.name !== undefined) return fleet.name
    let number = index + 1
    while (taken.has(`fleet${number}`)) number += fleets.length
    const name = `fleet${number}`
    taken.add(name)
    return name
  })
}

function nameFromFile(fileName: string | undefined): string {
  const base = fileName?.split(/[\\/]/).at(-1) ?? ''
  const stem = base.replace(/\.json$/i, '').replace(/\.flotilla$/i, '')
  return stem.trim().slice(0, 120) || UNNAMED
}
