import { AppError } from '../errors.ts'
import type { Fleet, Profile } from '../profile/profile.ts'
import {
  deviceName,
  isMessageVariable,
  type Part,
  parseTemplate,
  renderForDevice,
  runName,
} from '../profile/template.ts'
import { filterOfTemplate } from './filters.ts'

/** The topics that one publish entry of a fleet may produce. */
export interface TopicSource {
  /** Selects all of them. */
  filter: string
  /** Messages per second at the height of the plan. */
  rateHz: number
  /** Most topics there can be when they are known beforehand; 0 when they vary from message to message. */
  known: number
  /** Those topics, one per device. */
  topics(): Iterable<string>
}

/** What a profile publishes and the probe must see. Messages without a marker cannot be judged and are left out. */
export function topicSources(profile: Profile, run: number): TopicSource[] {
  const peak = Math.max(1, ...profile.stages.map((stage) => stage.rate ?? 0))
  const sources: TopicSource[] = []
  for (const fleet of profile.fleets) {
    for (const publish of fleet.publish) {
      if (publish.marker === 'none') continue
      const parts = partsOf(publish.topic)
      const perSecond = publish.rate ?? 1_000 / (publish.every ?? 1_000)
      const burst = typeof publish.arrival === 'object' ? publish.arrival.burst : 1
      const varies = parts.some((part) => part.kind === 'variable' && isMessageVariable(part.name))
      sources.push({
        filter: observable(
          publish.topic,
          filterOfTemplate(parts, (part) => mayHoldSlash(part, fleet)),
        ),
        rateHz: fleet.count * perSecond * burst * peak,
        known: varies ? 0 : fleet.count,
        topics: () => (varies ? [] : topicsOf(fleet, parts, run)),
      })
    }
  }
  return sources
}

function partsOf(template: string): Part[] {
  const parsed = parseTemplate(template)
  if (parsed.ok) return parsed.parts
  throw new AppError({ code: 'PROFILE_INVALID', message: `topic "${template}": ${parsed.message}` })
}

/** No wildcard reaches a topic that begins with $ [MQTT-4.7.2-1], so a variable may not stand in its first level. */
function observable(template: string, filter: string): string {
  if (!template.startsWith('$') || filter.startsWith('$')) return filter
  throw new AppError({
    code: 'PROBE_FAILED',
    message: `The probe cannot subscribe to the topic "${template}": wildcards do not reach $-topics.`,
    hint: 'Let the topic begin with another sign than $, or turn the probe off with "observe": { "probe": false }.',
  })
}

function mayHoldSlash(part: Part, fleet: Fleet): boolean {
  if (part.kind === 'literal') return false
  switch (part.name) {
    case 'clientId':
      return holdsSlash(fleet.clientId, fleet)
    case 'username':
      return holdsSlash(fleet.auth?.username ?? '', fleet)
    case 'pick':
      return part.args.some((arg) => arg.includes('/'))
    case 'bytes':
      return true
    default:
      return false
  }
}

function holdsSlash(template: string, fleet: Fleet): boolean {
  return (
    template.includes('/') || (/%u|username/.test(template) && (fleet.auth?.username ?? '').includes('/'))
  )
}

function* topicsOf(fleet: Fleet, parts: readonly Part[], run: number): Generator<string> {
  const clientId = partsOf(fleet.clientId)
  const username = partsOf(fleet.auth?.username ?? '')
  for (let number = 0; number < fleet.count; number += 1) {
    const index = fleet.firstIndex + number
    const facts = { fleet: fleet.name, index, device: deviceName(fleet.name, index), run: runName(run) }
    const user = renderForDevice(username, facts)
    const client = renderForDevice(clientId, { ...facts, username: user })
    yield renderForDevice(parts, { ...facts, clientId: client, username: user })
  }
}
