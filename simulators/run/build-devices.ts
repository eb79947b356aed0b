import { Device, type DeviceStream } from '../device/device.ts'
import { type DeviceContext, FIRST_ENTRY_TASK } from '../device/device-context.ts'
import { DeviceEntry } from '../device/device-entry.ts'
import { FleetRuntime } from '../device/fleet-runtime.ts'
import type { PublishProgram } from '../device/payload/program.ts'
import type { PublishRequest } from '../device/ports.ts'
import { identify, sessionSettings } from '../device/session-plan.ts'
import type { SessionHost } from '../device/session-settings.ts'
import { connectPlan } from '../plan/arrivals.ts'
import { devicesOf, type Share } from '../plan/partition.ts'
import { createQosMix } from '../plan/qos-mix.ts'
import { createRandom, PURPOSE } from '../plan/random.ts'
import { createRoster } from '../plan/roster.ts'
import { createSchedule } from '../plan/schedule.ts'
import { createTimeline } from '../plan/timeline.ts'
import type { Fleet, Profile } from '../profile/profile.ts'
import { type DeviceFacts, deviceName, runName } from '../profile/template.ts'

/** Tasks that a device of this profile can have at most. */
export function taskStride(profile: Profile): number {
  return FIRST_ENTRY_TASK + Math.max(...profile.fleets.map((fleet) => fleet.publish.length))
}

export interface BuildFacts {
  profile: Profile
  run: number
  share: Share
  /** Wall-clock time of the run's start; filled in when it is known. */
  wallClock: { zeroMs: number }
  fleets: readonly FleetRuntime[]
  /** Per fleet and publish entry. */
  programs: readonly (readonly PublishProgram[])[]
  /** Protocol per fleet. */
  protocols: readonly (4 | 5)[]
  context: DeviceContext<Device>
  sessions: SessionHost<DeviceStream>
}

export function createFleets(profile: Profile): FleetRuntime[] {
  return profile.fleets.map((fleet, index) => new FleetRuntime(index, fleet))
}

/** What a device knows of itself, from its number in the roster. */
export function factsOf(fleet: Fleet, indexInFleet: number, run: number): Required<DeviceFacts> {
  const index = fleet.firstIndex + indexInFleet
  const facts = { fleet: fleet.name, index, device: deviceName(fleet.name, index), run: runName(run) }
  return identify(fleet, facts)
}

/** What the devices of a share know of themselves, per fleet. */
export function devicesPerFleet(profile: Profile, share: Share, run: number): DeviceFacts[][] {
  const roster = createRoster(profile)
  const perFleet: DeviceFacts[][] = profile.fleets.map(() => [])
  for (const number of devicesOf(roster.total, share)) {
    const fleetIndex = roster.fleetOf(number)
    const fleet = profile.fleets[fleetIndex]
    if (fleet) perFleet[fleetIndex]?.push(factsOf(fleet, roster.indexOf(number), run))
  }
  return perFleet
}

/** Makes the devices of a share, each with the plan that it would have in any other share. */
export function* buildDevices(facts: BuildFacts): Generator<Device> {
  const { profile, run, share } = facts
  const timeline = createTimeline(profile.stages)
  const plans = profile.fleets.map((fleet) => connectPlan(fleet, timeline))
  const roster = createRoster(profile)
  // One request serves every device of the shard: it lives for the length of a call.
  const request = { retain: false } as PublishRequest<DeviceStream>
  let place = 0
  for (const number of devicesOf(roster.total, share)) {
    const fleetIndex = roster.fleetOf(number)
    const fleet = facts.fleets[fleetIndex]
    const plan = plans[fleetIndex]
    const programs = facts.programs[fleetIndex]
    const protocol = facts.protocols[fleetIndex]
    if (!fleet || !plan || !programs || !protocol) continue
    const indexInFleet = roster.indexOf(number)
    const known = factsOf(fleet.fleet, indexInFleet, run)
    const spans = plan.spansOf(indexInFleet)
    const entries = programs.map((program, publishIndex) => {
      const publish = fleet.fleet.publish[publishIndex]
      if (!publish) throw new Error(`no publish entry ${publishIndex}`)
      const random = (purpose: number) => createRandom(profile.seed, number, publishIndex, purpose)
      const publisher = program.forDevice({
        facts: known,
        seed: profile.seed,
        device: number,
        publishIndex,
        run,
        epoch: 0,
        wallClock: facts.wallClock,
      })
      return new DeviceEntry<Device>({
        publisher,
        schedule: createSchedule({ publish, timeline, random: random(PURPOSE.schedule), startMs: 0, spans }),
        qos: typeof publish.qos === 'number' ? publish.qos : createQosMix(publish.qos, random(PURPOSE.qos)),
        retain: publish.retain,
        mayExhaust:
          publish.payload !== undefined && 'replay' in publish.payload && !publish.payload.replay.loop,
      })
    })
    yield new Device({
      number,
      place,
      index: indexInFleet,
      name: known.device,
      fleet,
      spans,
      random: createRandom(profile.seed, number, 0, PURPOSE.reconnect),
      context: facts.context,
      sessions: facts.sessions,
      settings: sessionSettings(fleet.fleet, protocol, known),
      request,
      entries,
    })
    place += 1
  }
}
