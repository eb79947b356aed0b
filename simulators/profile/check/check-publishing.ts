import { ratePerDeviceHz } from '../../plan/rate.ts'
import { protocolOf } from '../endpoint.ts'
import { isRecord, type Path } from '../problem.ts'
import type { Fleet, Profile } from '../profile.ts'
import type { PublishSettings } from '../schema/publish.ts'
import { partsOf } from '../schema/rules.ts'
import { isTopicName } from '../schema/topic-rules.ts'
import { formatTemplate } from '../template.ts'
import type { Report } from './checker.ts'

/** Messages per second that one profile may ask for in all; far above what one machine can send. */
export const MAX_TOTAL_RATE_HZ = 10_000_000

/** The key of a JSON payload that carries the marker. */
const MARKER_KEY = '_fl'

/** Publish entries that can carry their marker and topics that hold once they are rendered. */
export function checkPublishing(profile: Profile, report: Report): void {
  for (const [fleetIndex, fleet] of profile.fleets.entries()) {
    const protocol = protocolOf(profile, fleet)
    for (const [index, publish] of fleet.publish.entries()) {
      const path = ['fleets', fleetIndex, 'publish', index]
      checkTopic(publish.topic, fleet, [...path, 'topic'], report)
      checkMarker(publish, protocol, path, report)
    }
    if (fleet.will) {
      checkTopic(fleet.will.topic, fleet, ['fleets', fleetIndex, 'will', 'topic'], report)
      if ('replay' in fleet.will.payload)
        report(
          ['fleets', fleetIndex, 'will', 'payload'],
          'a will is sent once, so it cannot replay a file',
          'Use json, csv, text or binary.',
        )
    }
    const { min, max } = fleet.reconnect.policy === 'exponential' ? fleet.reconnect : { min: 0, max: 0 }
    if (min > max)
      report(
        ['fleets', fleetIndex, 'reconnect', 'min'],
        'the shortest delay is longer than the longest',
        'Make "min" at most "max" (60s when left out).',
      )
  }
  checkTotalRate(profile, report)
}

/** %c and %u may bring wildcards of their own into a topic. */
function checkTopic(topic: string, fleet: Fleet, path: Path, report: Report): void {
  const parts = partsOf(topic)
  const written = parts.flatMap((part) => {
    if (part.kind === 'literal') return [part]
    if (part.name === 'clientId') return [...partsOf(fleet.clientId)]
    if (part.name === 'username') return [...partsOf(fleet.auth?.username ?? '')]
    return [part]
  })
  const already = isTopicName(topic)
  const objection = already ? undefined : isTopicName(formatTemplate(written))
  if (objection)
    report(path, `with the client id and user name filled in, ${objection.message}`, objection.hint)
  else if (parts.length > 0 && written.length === 0)
    report(
      path,
      'the topic is empty once the user name is filled in',
      'Add text, or "auth" with a "username".',
    )
}

function checkMarker(
  { marker, payload }: PublishSettings,
  protocol: 4 | 5,
  path: Path,
  report: Report,
): void {
  if ((marker === 'property' || marker === 'both') && protocol === 4)
    report(
      [...path, 'marker'],
      'MQTT 3.1.1 has no user properties that could carry the marker',
      'Write "marker": "payload", or "protocol": 5 for the broker.',
    )
  if (marker === 'property' || marker === 'none' || !payload || !('json' in payload)) return
  const { json } = payload
  if (typeof json !== 'object' || json === null)
    report(
      [...path, 'payload', 'json'],
      'a bare JSON value has no room for the marker of the message',
      'Write an object or an array, or "marker": "property" with MQTT 5, or "marker": "none".',
    )
  else if (isRecord(json) && Object.hasOwn(json, MARKER_KEY))
    report(
      [...path, 'payload', 'json', MARKER_KEY],
      `the key "${MARKER_KEY}" is the one that carries the marker`,
      'Give your field another name.',
    )
}

function checkTotalRate(profile: Profile, report: Report): void {
  const steady = profile.fleets
    .map((fleet) => fleet.count * fleet.publish.reduce((sum, publish) => sum + ratePerDeviceHz(publish), 0))
    .reduce((sum, rate) => sum + rate, 0)
  const peak = steady * peakFactor(profile)
  if (peak > MAX_TOTAL_RATE_HZ)
    report(
      ['fleets'],
      `${Math.round(peak)} messages a second at the peak; a profile may ask for ${MAX_TOTAL_RATE_HZ}`,
      'Lower counts or rates, or split the profile and run its parts on several machines.',
    )
}

/** The highest rate factor of any stage. */
export function peakFactor(profile: Pick<Profile, 'stages'>): number {
  const factors = profile.stages.flatMap((stage) => (stage.rate === undefined ? [] : [stage.rate]))
  return profile.stages[0]?.rate === undefined ? Math.max(1, ...factors) : Math.max(...factors)
}
