import type { Fleet, Profile } from '../profile/profile.ts'
import { FleetLoad } from './fleet-load.ts'
import { type Share, sizeWithin, WHOLE } from './partition.ts'
import { createRoster } from './roster.ts'
import { createTimeline, type Timeline } from './timeline.ts'

/** What a profile will ask of the machine and of the broker. */
export interface PlannedLoad {
  devices: number
  durationMs: number
  /** Highest rate of all fleets together. */
  peakTotalRateHz: number
  /** The part of that rate which wants no acknowledgement, and the part which does. */
  peakQos0RateHz: number
  peakQos12RateHz: number
  /** Expected number of messages of the whole run. */
  messages: number
  perFleet: FleetLoadSummary[]
}

export interface FleetLoadSummary {
  name: string
  devices: number
  /** The most that the stages ask to be connected at a time. */
  peakWanted: number
  /** The most that are; fewer than wanted when connect.rate is too slow. */
  peakConnected: number
  ratePerDeviceHz: number
  peakRateHz: number
  messages: number
  /** URL of the broker; null is the embedded one. */
  target: string | null
  tls: boolean
}

/**
 * The planned rates of a profile, or of a machine's share of it, over time: the target line of the series, and what
 * "of target" in a threshold means.
 */
export class Targets {
  readonly timeline: Timeline
  readonly fleets: readonly FleetLoad[]

  constructor(profile: Pick<Profile, 'fleets' | 'stages'>, share: Share = WHOLE) {
    const roster = createRoster(profile)
    this.timeline = createTimeline(profile.stages)
    this.fleets = profile.fleets.map((fleet, index) => {
      const devices = sizeWithin(roster.firstDevice(index), fleet.count, share)
      return new FleetLoad(fleet, this.timeline, devices)
    })
  }

  /** Messages per second that a fleet owes at a time; of all fleets when `fleet` is left out. */
  rateHz(timeMs: number, fleet?: number): number {
    return this.#sum(fleet, (load) => load.targetRateHz(timeMs))
  }

  /** Messages per second that are owed on average from one time to another. */
  meanRateHz(fromMs: number, toMs: number, fleet?: number): number {
    const messages = this.#sum(fleet, (load) => load.messagesBetween(fromMs, toMs))
    return toMs > fromMs ? (messages * 1_000) / (toMs - fromMs) : 0
  }

  /** Devices that are meant to be connected at a time. */
  connected(timeMs: number, fleet?: number): number {
    return this.#sum(fleet, (load) => load.connectedAt(timeMs))
  }

  #sum(fleet: number | undefined, of: (load: FleetLoad) => number): number {
    const load = fleet === undefined ? undefined : this.fleets[fleet]
    if (fleet !== undefined) return load ? of(load) : 0
    return this.fleets.reduce((sum, each) => sum + of(each), 0)
  }
}

export function createTargets(profile: Pick<Profile, 'fleets' | 'stages'>, share: Share = WHOLE): Targets {
  return new Targets(profile, share)
}

/** Messages per second that a fleet owes at a time. For many times, keep a `Targets`. */
export function targetRateHz(fleet: Fleet, timeline: Timeline, timeMs: number): number {
  return new FleetLoad(fleet, timeline).targetRateHz(timeMs)
}

/** What a profile, or a machine's share of it, will ask for. */
export function plannedLoad(
  profile: Pick<Profile, 'fleets' | 'stages' | 'broker'>,
  share: Share = WHOLE,
): PlannedLoad {
  const { timeline, fleets } = createTargets(profile, share)
  const load: PlannedLoad = {
    devices: fleets.reduce((sum, fleet) => sum + fleet.devices, 0),
    durationMs: timeline.durationMs,
    peakTotalRateHz: 0,
    peakQos0RateHz: 0,
    peakQos12RateHz: 0,
    messages: 0,
    perFleet: fleets.map((fleet, index) => summaryOf(fleet, profile.fleets[index], profile.broker.url)),
  }
  for (const { timeMs, factor } of momentsOf(timeline, fleets)) {
    let total = 0
    let unconfirmed = 0
    fleets.forEach((fleet, index) => {
      const [qos0, qos1, qos2] = fleet.targetRateByQos(timeMs, factor)
      const rateHz = qos0 + qos1 + qos2
      const summary = load.perFleet[index]
      if (summary) summary.peakRateHz = Math.max(summary.peakRateHz, rateHz)
      total += rateHz
      unconfirmed += qos0
    })
    load.peakTotalRateHz = Math.max(load.peakTotalRateHz, total)
    load.peakQos0RateHz = Math.max(load.peakQos0RateHz, unconfirmed)
    load.peakQos12RateHz = Math.max(load.peakQos12RateHz, total - unconfirmed)
  }
  fleets.forEach((fleet, index) => {
    const summary = load.perFleet[index]
    if (!summary) return
    summary.messages = Math.round(fleet.messagesBetween(0, timeline.durationMs))
    load.messages += summary.messages
  })
  return load
}

function summaryOf(
  load: FleetLoad,
  fleet: Fleet | undefined,
  profileUrl: string | undefined,
): FleetLoadSummary {
  const target = fleet?.broker?.url ?? profileUrl ?? null
  return {
    name: load.name,
    devices: load.devices,
    peakWanted: load.peakWanted,
    peakConnected: load.peakConnected,
    ratePerDeviceHz: load.ratePerDeviceHz,
    peakRateHz: 0,
    messages: 0,
    target,
    tls: target !== null && /^(mqtts|wss):/.test(target),
  }
}

/** Rates run in straight lines between these moments, so a peak is at one of them. Both sides of a step are looked at. */
function momentsOf(timeline: Timeline, fleets: readonly FleetLoad[]): { timeMs: number; factor: number }[] {
  const corners = fleets.flatMap((fleet) => fleet.plan.cornerTimes)
  return timeline.spans.flatMap(({ startMs, endMs, factor }) =>
    [startMs, endMs, ...corners.filter((timeMs) => timeMs > startMs && timeMs < endMs)].map((timeMs) => ({
      timeMs,
      factor,
    })),
  )
}
