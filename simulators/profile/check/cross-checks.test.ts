import { describe, expect, it } from 'vitest'
import { parseProfile } from '../parse.ts'

/** Path and message of every problem of a profile. */
function said(profile: object): [string, string][] {
  const parsed = parseProfile(JSON.stringify({ version: 1, ...profile }))
  return parsed.ok ? [] : parsed.problems.map(({ path, message }) => [path, message])
}

const publish = { topic: 't/{{device}}', every: '1s' }
const fleet = { name: 'a', count: 2, publish: [publish] }
const withFleet = (extra: object) => ({ fleets: [{ ...fleet, ...extra }] })
const withPublish = (extra: object) => withFleet({ publish: [{ ...publish, ...extra }] })

describe('client ids', () => {
  it('may not be the same for all devices of a fleet', () => {
    expect(said(withFleet({ clientId: 'x-{{run}}' }))).toEqual([
      ['fleets[0].clientId', 'all 2 devices of "a" would have the same client id'],
    ])
    expect(said(withFleet({ clientId: 'x', count: 1 }))).toEqual([])
  })

  it('may differ by a user name that differs', () => {
    expect(said(withFleet({ clientId: 'c-%u', auth: { username: 'u-{{index}}' } }))).toEqual([])
    expect(said(withFleet({ clientId: 'c-%u', auth: { username: 'u' } }))).toHaveLength(1)
  })

  it('may not meet those of another fleet at the same broker', () => {
    const other = { ...fleet, name: 'b', clientId: 'dev-{{index}}', firstIndex: 99 }

    expect(said({ fleets: [{ ...fleet, count: 100, clientId: 'dev-%i' }, other] })).toEqual([
      ['fleets[1].clientId', 'a-99 and b-99 would both have the client id "dev-99"'],
    ])
    expect(said({ fleets: [{ ...fleet, count: 99, clientId: 'dev-%i' }, other] })).toEqual([])
  })

  it('may meet those of a fleet at another broker', () => {
    const fleets = [
      { ...fleet, clientId: 'dev-%i' },
      { ...fleet, name: 'b', clientId: 'dev-%i', broker: { url: 'mqtt://other' } },
    ]

    expect(said({ fleets })).toEqual([])
  })

  it('of a million devices in two fleets are compared in seconds', () => {
    const half = { ...fleet, count: 500_000 }
    const started = performance.now()

    expect(said({ fleets: [half, { ...half, name: 'b' }] })).toEqual([])
    expect(performance.now() - started).toBeLessThan(5_000)
  })
})

describe('limits', () => {
  it('hold for all fleets together', () => {
    const large = { ...fleet, count: 600_000 }

    expect(said({ fleets: [large, { ...large, name: 'b' }] })).toEqual([
      ['fleets', '1200000 devices in all; a profile may have 1000000'],
    ])
  })

  it('count the rate at its peak', () => {
    const profile = withFleet({ count: 1_000_000, publish: [{ ...publish, every: '200ms' }] })

    expect(said(profile)).toEqual([])
    expect(said({ ...profile, stages: [{ for: '1s' }, { for: '1s', rate: 3 }] })).toEqual([
      ['fleets', '15000000 messages a second at the peak; a profile may ask for 10000000'],
    ])
  })
})

describe('TLS settings', () => {
  const ca = { ca: 'ca.pem' }

  it.each<[string, object, string[]]>([
    ['the embedded broker', { broker: { tls: ca } }, ['broker.tls']],
    ['mqtt://', { broker: { url: 'mqtt://h', tls: ca } }, ['broker.tls']],
    ['ws://', { broker: { url: 'ws://h', tls: ca } }, ['broker.tls']],
    ['mqtts://', { broker: { url: 'mqtts://h', tls: ca } }, []],
    ['wss:// without settings', { broker: { url: 'wss://h' } }, []],
    ['a reference in the URL', { broker: { url: `mqtts://\${env:HOST}:\${env:PORT}`, tls: ca } }, []],
    ['a probe at a plain broker', { observe: { probe: { tls: ca } } }, ['observe.probe.tls']],
    ['a certificate without key', { broker: { url: 'mqtts://h', tls: { cert: 'c' } } }, ['broker.tls.cert']],
    ['a key without certificate', { broker: { url: 'mqtts://h', tls: { key: 'k' } } }, ['broker.tls.key']],
    [
      'issued and read certificates at once',
      { broker: { url: 'mqtts://h', tls: { cert: 'c', key: 'k', issue: { ca: 'a', key: 'b' } } } },
      ['broker.tls.issue'],
    ],
  ])('for %s are judged', (_, extra, paths) => {
    expect(said({ ...withFleet({}), ...extra }).map(([path]) => path)).toEqual(paths)
  })

  it('of the profile do not disturb a fleet at a plain broker', () => {
    const profile = {
      broker: { url: 'mqtts://h', tls: ca },
      ...withFleet({ broker: { url: 'mqtt://plain' } }),
    }

    expect(said(profile)).toEqual([])
  })
})

describe('a marker', () => {
  it('in a property needs MQTT 5', () => {
    const old = { broker: { protocol: '3.1.1' } }

    expect(said({ ...old, ...withPublish({ marker: 'both' }) }).map(([path]) => path)).toEqual([
      'fleets[0].publish[0].marker',
    ])
    expect(
      said({ ...old, ...withFleet({ broker: { protocol: 5 }, publish: [{ ...publish, marker: 'both' }] }) }),
    ).toEqual([])
  })

  it('has no room in a bare JSON value, nor beside a key of its own name', () => {
    expect(said(withPublish({ payload: { json: '{{seq}}' } }))).toEqual([
      ['fleets[0].publish[0].payload.json', 'a bare JSON value has no room for the marker of the message'],
    ])
    expect(said(withPublish({ payload: { json: { _fl: 1 } } }))).toEqual([
      ['fleets[0].publish[0].payload.json._fl', 'the key "_fl" is the one that carries the marker'],
    ])
    expect(said(withPublish({ payload: { json: 3 }, marker: 'property' }))).toEqual([])
    expect(said(withPublish({ payload: { json: [1] } }))).toEqual([])
  })
})

describe('topics', () => {
  it.each([
    ['a/+/b', 'a topic to publish to may not hold the wildcard "+"'],
    ['a/#', 'a topic to publish to may not hold the wildcard "#"'],
    ['{{pick a + b}}', 'a topic to publish to may not hold the wildcard "+"'],
    ['a\0b', 'holds the character U+0000, which MQTT forbids'],
    ['a\uD800', 'holds half of a surrogate pair, which UTF-8 cannot carry'],
    ['', 'must not be empty'],
    ['x{{bytes 65535}}', 'is 65536 bytes long; MQTT carries at most 65535'],
    ['a/{{nope', '"{{nope" is never closed with "}}"'],
  ])('such as %j are refused', (topic, message) => {
    expect(said(withPublish({ topic }))).toEqual([['fleets[0].publish[0].topic', message]])
  })

  it('may not get a wildcard from the user name', () => {
    const profile = withFleet({ auth: { username: 'a+b' }, publish: [{ ...publish, topic: 't/%u' }] })

    expect(said(profile)).toEqual([
      [
        'fleets[0].publish[0].topic',
        'with the client id and user name filled in, a topic to publish to may not hold the wildcard "+"',
      ],
    ])
  })

  it.each([
    ['a/#/b', 'the wildcard "#" must be the whole last level'],
    ['a/b#', 'the wildcard "#" must be the whole last level'],
    ['a/b+/c', 'the wildcard "+" must fill its level'],
    ['$share/group', 'a shared subscription lacks its name or its filter'],
    ['$share/g+/x', 'a shared subscription lacks its name or its filter'],
    ['a/{{seq}}', '{{seq}} changes with every message, but this value belongs to a device'],
  ])('to subscribe to such as %j are refused', (topic, message) => {
    expect(said(withFleet({ subscribe: [{ topic }] }))).toEqual([['fleets[0].subscribe[0].topic', message]])
  })

  it.each(['#', '+', '+/a/#', '$share/group/a/+', '/', 'a//b', '{{device}}/+'])(
    'to subscribe to such as %j are fine',
    (topic) => {
      expect(said(withFleet({ subscribe: [{ topic }] }))).toEqual([])
    },
  )
})

describe('values that belong to a device', () => {
  it.each<[object, string]>([
    [{ clientId: '{{device}}-{{now}}' }, 'fleets[0].clientId'],
    [{ auth: { username: '{{uniform 1 2}}' } }, 'fleets[0].auth.username'],
    [{ auth: { username: '%u' } }, 'fleets[0].auth.username'],
    [{ clientId: '%c' }, 'fleets[0].clientId'],
    [{ will: { topic: 'x/{{seq}}' } }, 'fleets[0].will.topic'],
    [{ broker: { url: 'mqtts://h', tls: { cert: '{{seq}}.pem', key: 'k' } } }, 'fleets[0].broker.tls.cert'],
    [{ session: { userProperties: { a: '{{seq}}' } } }, 'fleets[0].session.userProperties.a'],
  ])('%j is refused', (extra, path) => {
    expect(said(withFleet(extra)).map(([where]) => where)).toEqual([path])
  })
})

describe('other parts', () => {
  it.each(['../x.csv', '/etc/passwd', 'C:\\x.csv', '\\\\host\\x', 'data/../../x'])(
    'a replay file %j outside the folder is refused',
    (file) => {
      expect(said(withPublish({ payload: { replay: { file } } }))).toEqual([
        [
          'fleets[0].publish[0].payload.replay.file',
          `${JSON.stringify(file)} leads out of the folder of the profile`,
        ],
      ])
    },
  )

  it('a will cannot replay a file', () => {
    const will = { topic: 'w', payload: { replay: { file: 'x.csv' } } }

    expect(said(withFleet({ will })).map(([path]) => path)).toEqual(['fleets[0].will.payload'])
  })

  it('the shortest reconnect delay is at most the longest', () => {
    const reconnect = { policy: 'exponential', min: '2m' }

    expect(said(withFleet({ reconnect })).map(([path]) => path)).toEqual(['fleets[0].reconnect.min'])
  })

  it('thresholds are read with the names of the fleets', () => {
    const thresholds = ['a.lost == 0', 'b.lost == 0', { check: 'e2e.p99 < 5', after: '1s' }]

    expect(said({ ...withFleet({}), thresholds }).map(([path]) => path)).toEqual([
      'thresholds[1]',
      'thresholds[2].check',
    ])
  })
})
