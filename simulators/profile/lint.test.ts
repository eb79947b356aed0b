import { describe, expect, it } from 'vitest'
import { parseProfile } from './parse.ts'

const publish = { topic: 't/{{device}}', qos: 1, every: '1s' }
const fleet = { name: 'a', count: 2, publish: [publish] }

/** Paths of the warnings about a profile. */
function warned(profile: object): string[] {
  const parsed = parseProfile(JSON.stringify({ version: 1, fleets: [fleet], ...profile }))
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
  return parsed.warnings.map(({ path }) => path)
}

const withFleet = (extra: object) => ({ fleets: [{ ...fleet, ...extra }] })
const withPublish = (extra: object) => withFleet({ publish: [{ ...publish, ...extra }] })
const kept = { clientId: 'm-{{index}}', session: { cleanStart: false, expiry: '1h' } }

describe('a warning', () => {
  it.each<[string, object, string[]]>([
    ['nothing odd', {}, []],
    ['a fleet that does nothing', withFleet({ publish: [] }), ['fleets[0]']],
    ['no keep-alive', withFleet({ session: { keepAlive: '0s' } }), ['fleets[0].session.keepAlive']],
    ['a kept session that can be found', withFleet(kept), []],
    [
      'a kept session under a client id of one run',
      withFleet({ session: kept.session }),
      ['fleets[0].session.cleanStart'],
    ],
    [
      'a kept session that ends at once',
      withFleet({ ...kept, session: { cleanStart: false } }),
      ['fleets[0].session.cleanStart'],
    ],
    [
      'a kept session of MQTT 3.1.1, which has no expiry',
      { broker: { protocol: 4 }, ...withFleet({ ...kept, session: { cleanStart: false } }) },
      [],
    ],
    [
      'MQTT 5 settings with 3.1.1',
      {
        broker: { protocol: '3.1.1' },
        ...withFleet({
          session: { expiry: '1h', topicAliases: 2, userProperties: { a: 'b' } },
          will: { topic: 'w', delay: '5s' },
          publish: [{ ...publish, contentType: 'x', messageExpiry: '1m', userProperties: { a: 'b' } }],
        }),
      },
      [
        'fleets[0].publish[0].contentType',
        'fleets[0].publish[0].messageExpiry',
        'fleets[0].publish[0].userProperties',
        'fleets[0].session.expiry',
        'fleets[0].session.topicAliases',
        'fleets[0].session.userProperties',
        'fleets[0].will.delay',
      ],
    ],
    [
      'parts of a second',
      withFleet({ session: { expiry: '1500ms' }, will: { topic: 'w', delay: '1.5s' } }),
      ['fleets[0].session.expiry', 'fleets[0].will.delay'],
    ],
    ['more than a device can send', withPublish({ every: '0.05ms' }), ['fleets[0].publish[0].every']],
    [
      'more than a device can send in one stage',
      {
        ...withPublish({ every: undefined, rate: '6000/s' }),
        stages: [{ for: '1s' }, { for: '1s', rate: 2 }],
      },
      ['fleets[0].publish[0].rate'],
    ],
    ['a topic per message', withPublish({ topic: 't/{{seq}}' }), ['fleets[0].publish[0].topic']],
    ['a topic of the broker', withPublish({ topic: '$SYS/x' }), ['fleets[0].publish[0].topic']],
    [
      'an unchecked certificate',
      { broker: { url: 'mqtts://h', tls: { verify: false } } },
      ['broker.tls.verify'],
    ],
    [
      'stages without devices',
      { stages: [{ for: '1s', devices: '0%' }, { for: '1s' }, { for: '1s', devices: '5%' }] },
      ['stages[0]', 'stages[1]'],
    ],
    ['a grace shorter than quiet', { drain: { grace: '1s', quiet: '2s' } }, ['drain.grace']],
    [
      'a loss threshold over QoS 0',
      { ...withPublish({ qos: { '0': 1, '1': 9 } }), thresholds: ['lost == 0', 'e2e.p99 < 1s'] },
      ['thresholds[0]'],
    ],
    [
      'a loss threshold over the fleet with QoS 1 only',
      {
        fleets: [fleet, { ...fleet, name: 'b', publish: [{ ...publish, qos: 0 }] }],
        thresholds: ['a.lost == 0', 'b.lost == 0'],
      },
      ['thresholds[1]'],
    ],
    [
      'a threshold that nobody can answer',
      { observe: { probe: false }, thresholds: ['lost == 0', 'rate >= 95% of target'] },
      ['thresholds[0]'],
    ],
  ])('about %s', (_, profile, paths) => {
    expect(warned(profile).sort()).toEqual(paths)
  })
})
