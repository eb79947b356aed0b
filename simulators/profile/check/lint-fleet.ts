import { ratePerDeviceHz } from '../../plan/rate.ts'
import { protocolOf } from '../endpoint.ts'
import type { Path } from '../problem.ts'
import type { Fleet, Profile } from '../profile.ts'
import type { PublishSettings } from '../schema/publish.ts'
import { partsOf } from '../schema/rules.ts'
import { isMessageVariable } from '../template.ts'
import { peakFactor } from './check-publishing.ts'
import type { Report } from './checker.ts'

/** More than any real device sends, and about what one process can do in all. */
const MAX_DEVICE_RATE_HZ = 10_000

/** What is odd about one fleet. */
export function lintFleet(profile: Profile, index: number, report: Report): void {
  const fleet = profile.fleets[index]
  if (!fleet) return
  const path = ['fleets', index]
  if (fleet.publish.length === 0 && fleet.subscribe.length === 0)
    report(
      path,
      `"${fleet.name}" neither publishes nor subscribes`,
      'Add "publish" or "subscribe", unless idle connections are the test.',
    )
  const protocol = protocolOf(profile, fleet)
  lintSession(fleet, protocol, path, report)
  if (protocol === 4) lintOldProtocol(fleet, path, report)
  lintWholeSeconds(fleet, path, report)
  for (const [entry, publish] of fleet.publish.entries())
    lintPublish(publish, peakFactor(profile), [...path, 'publish', entry], report)
}

function lintSession({ session, clientId }: Fleet, protocol: 4 | 5, path: Path, report: Report): void {
  const here = [...path, 'session']
  if (session.keepAlive === 0)
    report(
      [...here, 'keepAlive'],
      'without keep-alive neither side notices a connection that died silently',
      'Give a keep-alive such as "60s", unless this is the test.',
    )
  if (session.cleanStart) return
  if (partsOf(clientId).some((part) => part.kind === 'variable' && part.name === 'run'))
    report(
      [...here, 'cleanStart'],
      'the client id is another in every run, so no session of an earlier run is ever found',
      'Remove {{run}} from "clientId" (which has it when left out), such as "meter-{{index}}".',
    )
  if (protocol === 5 && session.expiry === 0)
    report(
      [...here, 'cleanStart'],
      'the session ends with its connection, because its expiry is 0',
      'Give "expiry", such as "1h", beside "cleanStart": false.',
    )
}

/** Settings that MQTT 3.1.1 has no field for. */
function lintOldProtocol({ session, will, publish }: Fleet, path: Path, report: Report): void {
  const tell = (here: Path, what: string) =>
    report(
      here,
      `${what} needs MQTT 5; with 3.1.1 it has no effect`,
      'Remove it, or write "protocol": 5 for the broker.',
    )
  const inSession = [...path, 'session']
  if (session.expiry > 0) tell([...inSession, 'expiry'], 'session expiry')
  if (session.receiveMaximum !== undefined) tell([...inSession, 'receiveMaximum'], 'Receive Maximum')
  if (session.topicAliases > 0) tell([...inSession, 'topicAliases'], 'topic alias')
  if (session.userProperties) tell([...inSession, 'userProperties'], 'user properties')
  if (will && will.delay > 0) tell([...path, 'will', 'delay'], 'will delay')
  for (const [index, entry] of publish.entries()) {
    const here = [...path, 'publish', index]
    if (entry.userProperties) tell([...here, 'userProperties'], 'user properties')
    if (entry.contentType !== undefined) tell([...here, 'contentType'], 'content type')
    if (entry.messageExpiry !== undefined) tell([...here, 'messageExpiry'], 'message expiry')
  }
}

/** MQTT carries these in whole seconds. */
function lintWholeSeconds({ session, will, publish }: Fleet, path: Path, report: Report): void {
  const check = (ms: number | undefined, here: Path) => {
    if (ms !== undefined && ms % 1_000 !== 0)
      report(
        here,
        'MQTT carries this in whole seconds, so it will be rounded',
        'Write whole seconds, such as "2s".',
      )
  }
  check(session.expiry, [...path, 'session', 'expiry'])
  check(session.keepAlive, [...path, 'session', 'keepAlive'])
  check(will?.delay, [...path, 'will', 'delay'])
  for (const [index, { messageExpiry }] of publish.entries())
    check(messageExpiry, [...path, 'publish', index, 'messageExpiry'])
}

function lintPublish(publish: PublishSettings, factor: number, path: Path, report: Report): void {
  const rate = ratePerDeviceHz(publish) * factor
  if (rate > MAX_DEVICE_RATE_HZ)
    report(
      [...path, publish.every === undefined ? 'rate' : 'every'],
      `one device would send ${Math.round(rate)} messages a second`,
      'A rate is per device. Spread the load over more devices.',
    )
  const varying = partsOf(publish.topic).find(
    (part) => part.kind === 'variable' && isMessageVariable(part.name),
  )
  if (varying?.kind === 'variable')
    report(
      [...path, 'topic'],
      `{{${varying.name}}} changes the topic from message to message; MQTT promises order within one topic only`,
      'Use per-device variables in topics when order is part of the test.',
    )
  if (publish.topic.startsWith('$'))
    report(
      [...path, 'topic'],
      'topics that begin with "$" belong to the broker, which may refuse or drop such messages',
      'Begin the topic with another character.',
    )
}
