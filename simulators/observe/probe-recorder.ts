import { MARKER_PROPERTY, type MarkerReader, readUserProperty } from '../delivery/marker.ts'
import { createSighting, type Reading, type Sighting } from '../delivery/marker-sighting.ts'
import { ObserverLedger } from '../delivery/observer-ledger.ts'
import { OUTCOME } from '../delivery/stream-ledger.ts'
import { type StreamSpace, streamSpaceOf } from '../delivery/stream-space.ts'
import type { Profile } from '../profile/profile.ts'
import { isMessageVariable, parseTemplate } from '../profile/template.ts'
import { FleetHistograms } from './fleet-histograms.ts'
import type { Publish } from './mqtt-dial.ts'

/** Topics that are told apart by number; more only make order unjudged, never wrong. */
const MAX_TOPICS = 65_536

/** What the probe makes of each message: reads the marker, books it in the ledger, records its latency. */
export class ProbeRecorder {
  readonly ledger: ObserverLedger
  readonly histograms: readonly FleetHistograms[]
  foreign = 0
  damaged = 0
  retained = 0
  lastArrivalMs = -1
  /** How old the last message of this run was when it arrived, ms since it was sent. */
  lagMs = 0
  readonly #run: number
  readonly #space: StreamSpace
  readonly #sighting: Sighting = createSighting()
  /** Per fleet, then publish entry: whether topics change from message to message. */
  readonly #topicsVary: readonly (readonly boolean[])[]
  readonly #lanes = new Map<string, number>()
  #overflowLane = MAX_TOPICS

  constructor(profile: Profile, run: number) {
    this.#run = run
    this.#space = streamSpaceOf(profile)
    this.ledger = new ObserverLedger(this.#space)
    this.histograms = profile.fleets.map(() => new FleetHistograms())
    this.#topicsVary = profile.fleets.map((fleet) => fleet.publish.map(({ topic }) => varies(topic)))
  }

  /** Books one PUBLISH that arrived at `nowMs` of the run. */
  see(packet: Publish, reader: MarkerReader, nowMs: number): void {
    if (packet.retain) {
      // Without "retain as published" the flag marks a stored copy, sent because we subscribed [MQTT-3.3.1-8].
      this.retained += 1
      return
    }
    const seen = this.#sighting
    const reading = this.#read(packet, reader, seen)
    if (reading === 'marker-damaged') {
      this.damaged += 1
      return
    }
    if (reading === 'absent' || seen.run !== this.#run) {
      this.foreign += 1
      return
    }
    const fleet = this.#space.fleetOf(seen.device)
    const lane = this.#topicsVary[fleet]?.[seen.publish] === true ? this.#laneOf(packet.topic) : 0
    const { intendedUs, sentLagUs } = seen
    const sentMs = (intendedUs + sentLagUs) / 1_000
    const outcome = this.ledger.see(seen, nowMs, lane, reading === 'intact', sentMs)
    this.lastArrivalMs = nowMs
    const latencyUs = nowMs * 1_000 - intendedUs
    this.lagMs = (latencyUs - sentLagUs) / 1_000
    if (outcome <= OUTCOME.filled) this.histograms[fleet]?.record(latencyUs, sentLagUs, intendedUs)
  }

  /** Gives the memory of all histograms back. */
  destroy(): void {
    for (const histograms of this.histograms) histograms.destroy()
  }

  #read(packet: Publish, reader: MarkerReader, into: Sighting): Reading {
    // A topic with a string payload is possible in the types of MQTT.js only for messages that are sent.
    const { payload } = packet
    if (typeof payload === 'string') return 'absent'
    const reading = reader.read(payload, into)
    if (reading === 'intact' || packet.properties === undefined) return reading
    const property = packet.properties.userProperties?.[MARKER_PROPERTY]
    if (property === undefined) return reading
    const fromProperty = readUserProperty(String(property), payload, into)
    return fromProperty === 'absent' ? reading : fromProperty
  }

  #laneOf(topic: string): number {
    const known = this.#lanes.get(topic)
    if (known !== undefined) return known
    // Past the bound every arrival gets a lane of its own: two topics must never share one.
    if (this.#lanes.size >= MAX_TOPICS) return this.#overflowLane++
    this.#lanes.set(topic, this.#lanes.size)
    return this.#lanes.size - 1
  }
}

function varies(template: string): boolean {
  const parsed = parseTemplate(template)
  return parsed.ok && parsed.parts.some((part) => part.kind === 'variable' && isMessageVariable(part.name))
}
