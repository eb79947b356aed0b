import type { Profile } from '../../simulators/profile/profile.ts'
import { type ProfileInput, profileSchema } from '../../simulators/profile/schema/profile.ts'

/** A profile with every default in place, from what a file would say. Fleets without a name are fleet1, fleet2 and so on. */
export function profileOf(input: Omit<ProfileInput, 'version'>): Profile {
  const parsed = profileSchema.parse({ version: 1, ...input })
  return {
    ...parsed,
    name: parsed.name ?? 'test',
    stages: parsed.stages ?? [],
    fleets: parsed.fleets.map((fleet, index) => ({ ...fleet, name: fleet.name ?? `fleet${index + 1}` })),
  }
}
