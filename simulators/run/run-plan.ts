import type { Targets } from '../plan/load.ts'
import { isOf, type Share } from '../plan/partition.ts'
import { createRoster } from '../plan/roster.ts'
import type { Profile } from '../profile/profile.ts'

/** Per fleet: devices of a share that the plan has connect up to a time of the run, ms. */
export function plannedDevices(profile: Profile, targets: Targets, share: Share, untilMs: number): number[] {
  const roster = createRoster(profile)
  return targets.fleets.map(({ plan }, fleet) => {
    const times = [...plan.cornerTimes.filter((timeMs) => timeMs <= untilMs), untilMs]
    // The last that came is the first to go, so the devices that were ever wanted are the first ones.
    const wanted = Math.max(0, ...times.map((timeMs) => plan.connectedAt(timeMs)))
    let planned = 0
    const first = roster.firstDevice(fleet)
    for (let index = 0; index < wanted; index += 1) if (isOf(first + index, share)) planned += 1
    return planned
  })
}

/** Whether the devices of a profile publish anything that a probe can know again. */
export function isObservable(profile: Profile): boolean {
  return profile.fleets.some((fleet) => fleet.publish.some(({ marker }) => marker !== 'none'))
}

/** Whether any fleet uses the embedded broker. */
export function usesEmbeddedBroker(profile: Profile): boolean {
  return profile.fleets.some((fleet) => (fleet.broker?.url ?? profile.broker.url) === undefined)
}
