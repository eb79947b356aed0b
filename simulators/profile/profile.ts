import type { FleetSettings } from './schema/fleet.ts'
import type { Profile as Parsed, StageSettings } from './schema/profile.ts'

export type { QoS } from './schema/common.ts'

/** One fleet with the name it goes by in reports and thresholds. */
export type Fleet = FleetSettings & { name: string }

/** A valid profile with every default in place: what the rest of the engine works with. */
export type Profile = Omit<Parsed, 'name' | 'fleets' | 'stages'> & {
  name: string
  fleets: Fleet[]
  stages: StageSettings[]
}
