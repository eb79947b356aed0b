import type { Packet } from 'mqtt-packet'
import { describe, expect, it } from 'vitest'
import { SessionRig } from '../../tests/support/session-rig.ts'

const RESUMED = { sessionPresent: true }

describe('a session that connects', () => {
  it('announces who it is and what it can take', () => {
    const rig = new SessionRig({
      username: 'u',
      password: 'p',
      receiveMaximum: 7,
      userProperties: { site: 'north' },
      will: { topic: 'w', payload: 'gone', qos: 1, retain: true, delayS: 5 },
    })
    rig.session.connect(rig.broker.open, 0)
    rig.broker.opened()
    rig.flush()

    expect(rig.broker.packets[0]).toMatchObject({
      cmd: 'connect',
      protocolVersion: 5,
      clientId: 'device-1',
      clean: false,
      keepalive: 60,
      username: 'u',
      password: Buffer.from('p'),
      will: {
        topic: 'w',
        payload: Buffer.from('gone'),
        qos: 1,
        retain: true,
        properties: { willDelayInterval: 5 },
      },
      properties: { sessionExpiryInterval: 3_600, receiveMaximum: 7, userProperties: { site: 'north' } },
    })
  })

  it('names the reason when it is refused', () => {
    const five = new SessionRig()
    five.connect({ reasonCode: 0x87, properties: { reasonString: 'no such meter' } })
    const three = new SessionRig({ protocol: 4 })
    three.connect({ returnCode: 4 })

    expect(five.take()).toEqual(['closed refused: not authorised (0x87): no such meter'])
    expect(three.take()).toEqual(['closed refused: bad user name or password (4)'])
  })

  it('gives up when no CONNACK comes in time', () => {
    const rig = new SessionRig({ connectTimeoutMs: 500 })
    rig.session.connect(rig.broker.open, 100)
    rig.broker.opened()
    rig.session.tick(599)
    expect(rig.take()).toEqual([])

    rig.session.tick(600)

    expect(rig.take()).toEqual(['closed timeout: no CONNACK within 0.5 s'])
    expect(rig.broker.isDestroyed).toBe(true)
  })

  it('can connect again from within the hook that says it is closed', () => {
    const rig = new SessionRig()
    rig.connect()
    const { closed } = rig
    rig.closed = (session, closure) => {
      closed.call(rig, session, closure)
      if (rig.broker.connections < 2) session.connect(rig.broker.open, 0)
    }
    rig.broker.end()
    rig.broker.opened()
    rig.flush()
    rig.broker.accept(RESUMED)

    expect(rig.take()).toEqual([
      'connected',
      'closed reset: the broker closed the connection',
      'connected again',
    ])
  })

  it('keeps the client id that the broker assigned', () => {
    const rig = new SessionRig({ clientId: '' }).connect({
      properties: { assignedClientIdentifier: 'auto-7' },
    })
    rig.session.drop()
    rig.sent()
    rig.session.connect(rig.broker.open, 0)
    rig.broker.opened()
    rig.flush()

    expect(rig.broker.packets[0]).toMatchObject({ cmd: 'connect', clientId: 'auto-7' })
  })

  const TOO_EARLY: Packet[] = [
    { cmd: 'puback', messageId: 1 },
    { cmd: 'pingresp' },
    { cmd: 'suback', messageId: 1, granted: [0] },
    { cmd: 'publish', topic: 't', payload: '', qos: 0, dup: false, retain: false },
  ]
  it.each(TOO_EARLY)('calls $cmd before CONNACK an error of the protocol', (packet) => {
    const rig = new SessionRig()
    rig.session.connect(rig.broker.open, 0)
    rig.broker.opened()
    rig.broker.send(packet)

    expect(rig.take()[0]).toMatch(/^closed protocol-error: the broker sent [A-Z]+ before CONNACK/)
  })
})

describe('a session that publishes', () => {
  it('reports QoS 1 and 2 messages once they are acknowledged for good', () => {
    const rig = new SessionRig().connect()
    rig.publish('zero', 0)
    rig.publish('one', 1)
    rig.publish('two', 2)
    expect(rig.sent().slice(1)).toEqual(['publish q0 t zero', 'publish #1 q1 t one', 'publish #2 q2 t two'])

    rig.broker.send(
      { cmd: 'pubrec', messageId: 2, reasonCode: 0 },
      { cmd: 'puback', messageId: 1, reasonCode: 0x10 },
    )
    expect(rig.sent()).toEqual(['pubrel #2'])
    rig.broker.send({ cmd: 'pubcomp', messageId: 2, reasonCode: 0 })

    expect(rig.take()).toEqual(['connected', 'acknowledged one 16', 'acknowledged two 0'])
    expect(rig.session.inFlight).toBe(0)
  })

  it('takes a PUBREC of 0x80 and above as final', () => {
    const rig = new SessionRig().connect()
    rig.publish('two', 2)
    rig.broker.send({ cmd: 'pubrec', messageId: 1, reasonCode: 0x97 })

    expect(rig.take()).toEqual(['connected', 'acknowledged two 151'])
    expect(rig.sent().slice(1)).toEqual(['publish #1 q2 t two'])
  })

  it('writes once what it publishes in one turn, even when others publish in between', () => {
    const rig = new SessionRig().connect()
    const other = new SessionRig()
    const neighbour = new SessionRig()
    neighbour.connect()
    for (let n = 0; n < 5; n += 1) {
      rig.publish(`m${n}`, 1)
      // Someone else's packet in the shared slab.
      rig.host.slab.reserve(10)
      rig.host.slab.at += 10
    }
    const before = rig.broker.writes
    rig.flush()

    expect(rig.broker.writes - before).toBe(1)
    expect(rig.sent().slice(1)).toEqual([0, 1, 2, 3, 4].map((n) => `publish #${n + 1} q1 t m${n}`))
    expect(other.sent()).toEqual([])
  })

  it('refuses without rendering while its window is full, and says when there is room', () => {
    const rig = new SessionRig({ inFlight: 5 }).connect({ properties: { receiveMaximum: 2 } })
    rig.publish('a', 1)
    rig.publish('b', 2)
    const third = rig.request('c', 1)

    expect(rig.session.publish(third, 0)).toBe('window')
    expect(third.body.rendered).toBe(0)
    expect(rig.session.canPublish(1)).toBe(false)
    expect(rig.publish('z', 0)).toBe('sent')

    rig.broker.send({ cmd: 'puback', messageId: 1, reasonCode: 0 })
    expect(rig.take()).toEqual(['connected', 'acknowledged a 0', 'writable'])
    expect(rig.session.publish(third, 0)).toBe('sent')
  })

  it('refuses while the socket is full, and says when it has drained', () => {
    const rig = new SessionRig().connect()
    rig.broker.isFull = true
    rig.publish('a', 0)
    rig.flush()

    expect(rig.publish('b', 0)).toBe('congested')
    rig.broker.drained()

    expect(rig.take()).toEqual(['connected', 'writable'])
    expect(rig.publish('b', 0)).toBe('sent')
  })

  it('lets the socket push back in the middle of a turn', () => {
    const rig = new SessionRig().connect()
    rig.broker.isFull = true

    const outcomes = Array.from({ length: 40 }, () => rig.publish('x'.repeat(4_000), 0))

    expect(outcomes.indexOf('congested')).toBe(5)
  })

  it('never sends what the broker does not take, and lets the generators advance', () => {
    const rig = new SessionRig().connect({
      properties: { maximumPacketSize: 30, retainAvailable: false },
    })
    const large = rig.request('x'.repeat(40), 1)
    const retained = rig.request('r', 0, 't', true)

    expect(rig.session.publish(large, 0)).toBe('too-large')
    expect(rig.session.publish(retained, 0)).toBe('unsupported')
    expect([large.body.rendered, retained.body.skipped]).toEqual([1, 1])
    expect(rig.session.inFlight).toBe(0)
    expect(rig.publish('ok', 1)).toBe('sent')
    expect(rig.sent().slice(1)).toEqual(['publish #2 q1 t ok'])
  })

  it('reports a QoS above the Maximum QoS of the broker instead of lowering it', () => {
    const rig = new SessionRig()
    rig.session.connect(rig.broker.open, 0)
    rig.broker.opened()
    // CONNACK with Maximum QoS 0: mqtt-packet cannot write it.
    rig.broker.sendBytes(Buffer.from([0x20, 5, 0, 0, 2, 0x24, 0]))

    expect(rig.publish('one', 1)).toBe('unsupported')
    expect(rig.publish('zero', 0)).toBe('sent')
  })

  it('is not connected before CONNACK and after the end', () => {
    const rig = new SessionRig()
    expect(rig.publish('a', 0)).toBe('not-connected')
    rig.session.connect(rig.broker.open, 0)
    rig.broker.opened()
    expect(rig.publish('a', 0)).toBe('not-connected')
    rig.broker.accept()
    rig.session.disconnect()

    expect(rig.publish('a', 0)).toBe('not-connected')
  })

  it('gives no packet id twice while one is in flight, over the end of the range', () => {
    const rig = new SessionRig().connect()
    rig.publish('stuck', 1)
    for (let id = 2; id <= 65_535; id += 1) {
      rig.publish('x', 1)
      rig.broker.sendBytes(Buffer.from([0x40, 2, id >> 8, id & 255]))
    }
    rig.sent()
    rig.publish('next', 1)

    expect(rig.sent()).toEqual(['publish #2 q1 t next'])
  })
})

describe('topic aliases', () => {
  it('name a topic in full once, and stay below what both sides allow', () => {
    const rig = new SessionRig({ topicAliases: 5 }).connect({ properties: { topicAliasMaximum: 2 } })
    for (const topic of ['a', 'b', 'c', 'a', 'b', 'c']) rig.publish('x', 0, topic)

    expect(rig.sent().slice(1)).toEqual([
      'publish q0 a alias 1 x',
      'publish q0 b alias 2 x',
      'publish q0 c x',
      'publish q0  alias 1 x',
      'publish q0  alias 2 x',
      'publish q0 c x',
    ])
  })

  it('mean nothing on the next connection, where messages are sent again with their topic', () => {
    const aliases = { properties: { topicAliasMaximum: 9 } }
    const rig = new SessionRig({ topicAliases: 9 }).connect(aliases)
    rig.publish('first', 1, 'long/topic')
    rig.publish('second', 1, 'long/topic')
    expect(rig.sent().slice(1)).toEqual([
      'publish #1 q1 long/topic alias 1 first',
      'publish #2 q1  alias 1 second',
    ])
    rig.broker.end()
    rig.connect({ ...RESUMED, ...aliases })
    rig.publish('third', 1, 'long/topic')

    expect(rig.sent().slice(1)).toEqual([
      'publish #1 q1 dup long/topic first',
      'publish #2 q1 dup long/topic second',
      'publish #3 q1 long/topic alias 1 third',
    ])
  })
})

describe('a session that comes back', () => {
  it('sends again what was in flight, marked and in order, before anything new', () => {
    const rig = new SessionRig().connect()
    for (const [text, qos] of [
      ['a', 1],
      ['b', 2],
      ['c', 1],
      ['d', 2],
    ] as const)
      rig.publish(text, qos)
    rig.broker.send({ cmd: 'pubrec', messageId: 2, reasonCode: 0 })
    rig.sent()
    rig.broker.end()
    const { connected } = rig
    rig.connected = (session, info) => {
      connected.call(rig, session, info)
      rig.publish('new', 1)
    }
    rig.connect(RESUMED)

    expect(rig.sent().slice(1)).toEqual([
      'publish #1 q1 dup t a',
      'pubrel #2',
      'publish #3 q1 dup t c',
      'publish #4 q2 dup t d',
      'publish #5 q1 t new',
    ])
    expect(rig.session.inFlight).toBe(5)
  })

  it('keeps to a window that has become smaller, and to new messages coming last', () => {
    const rig = new SessionRig().connect()
    for (const text of ['a', 'b', 'c']) rig.publish(text, 1)
    rig.broker.end()
    rig.sent()
    rig.connect({ ...RESUMED, properties: { receiveMaximum: 2 } })

    expect(rig.sent()).toEqual(['connect', 'publish #1 q1 dup t a', 'publish #2 q1 dup t b'])
    expect([rig.publish('new', 1), rig.publish('new', 0)]).toEqual(['window', 'window'])
    rig.broker.send({ cmd: 'puback', messageId: 1, reasonCode: 0 })
    expect(rig.sent()).toEqual(['publish #3 q1 dup t c'])
    expect(rig.publish('new', 0)).toBe('sent')
  })

  it('gives up what was in flight when the broker has forgotten the session', () => {
    const rig = new SessionRig().connect()
    rig.publish('a', 1)
    rig.publish('b', 2)
    rig.broker.end()
    rig.take()
    rig.sent()
    rig.connect()

    expect(rig.take()).toEqual(['abandoned a', 'abandoned b', 'connected'])
    expect(rig.sent()).toEqual(['connect'])
    expect(rig.session.inFlight).toBe(0)
  })

  it('gives up a message that the broker has become too small for', () => {
    const rig = new SessionRig().connect()
    rig.publish('x'.repeat(50), 1)
    rig.publish('y', 1)
    rig.broker.end()
    rig.take()
    rig.sent()
    rig.connect({ ...RESUMED, properties: { maximumPacketSize: 30 } })

    expect(rig.take()).toEqual([`abandoned ${'x'.repeat(50)}`, 'connected again'])
    expect(rig.sent()).toEqual(['connect', 'publish #2 q1 dup t y'])
  })

  it('sends the very bytes again, however long they waited', () => {
    const rig = new SessionRig().connect()
    rig.publish('first', 1, 't', 1)
    const { slab } = rig.host
    const memory = slab.bytes
    rig.flush()
    rig.session.tick(10_000)
    // The copy no longer depends on the slab.
    memory.fill(0)
    rig.broker.packets.splice(0)
    rig.broker.end()
    rig.connect(RESUMED)

    expect(rig.sent()).toEqual(['connect', 'publish #1 q1 dup t first'])
  })

  it('calls a resumed session an error where it asked for a clean start', () => {
    const rig = new SessionRig({ cleanStart: true }).connect(RESUMED)

    expect(rig.take()).toEqual([
      'closed protocol-error: the broker sent a CONNACK that resumes a session where a clean start was asked for',
    ])
  })
})

describe('a session that subscribes', () => {
  const subscriptions = [
    { topic: 'cmd/1', qos: 1 },
    { topic: 'all/#', qos: 2 },
  ] as const

  it('asks once per session of the broker, not per connection', () => {
    const rig = new SessionRig({ subscriptions }).connect()
    rig.broker.send({ cmd: 'suback', messageId: 1, granted: [1, 0x87] })
    expect(rig.sent()).toEqual(['connect', 'subscribe #1 cmd/1 q1, all/# q2'])
    rig.broker.end()
    rig.connect(RESUMED)
    expect(rig.sent()).toEqual(['connect'])
    rig.broker.end()
    rig.connect()

    expect(rig.sent()).toEqual(['connect', 'subscribe #2 cmd/1 q1, all/# q2'])
    expect(rig.take()).toContain('subscribed 1,135')
  })

  it('acknowledges each message as its QoS wants', () => {
    const rig = new SessionRig().connect()
    rig.sent()
    const message = { cmd: 'publish', topic: 't', retain: false, dup: false } as const
    rig.broker.send(
      { ...message, qos: 0, payload: 'a' },
      { ...message, qos: 1, messageId: 5, payload: 'b' },
      { ...message, qos: 2, messageId: 6, payload: 'c' },
      { cmd: 'pubrel', messageId: 6 },
    )

    expect(rig.take()).toEqual(['connected', 'received t q0 a', 'received t q1 b', 'received t q2 c'])
    expect(rig.sent()).toEqual(['puback #5', 'pubrec #6', 'pubcomp #6'])
  })

  it('delivers a QoS 2 message once, across connections too', () => {
    const rig = new SessionRig().connect()
    const message = { cmd: 'publish', topic: 't', retain: false, qos: 2, messageId: 9, payload: 'x' } as const
    rig.broker.send({ ...message, dup: false })
    rig.broker.end()
    rig.connect(RESUMED)
    rig.broker.send({ ...message, dup: true }, { cmd: 'pubrel', messageId: 9 }, { ...message, dup: false })

    expect(rig.take().filter((told) => told.startsWith('received'))).toHaveLength(2)
    rig.broker.send({ cmd: 'pubrel', messageId: 9 }, { cmd: 'pubrel', messageId: 9 })
    expect(rig.sent().slice(-2)).toEqual(['pubcomp #9', 'pubcomp #9 0x92'])
  })

  it('holds the broker to the Receive Maximum announced', () => {
    const rig = new SessionRig({ receiveMaximum: 1 }).connect()
    const message = { cmd: 'publish', topic: 't', retain: false, dup: false, qos: 2, payload: 'x' } as const
    rig.broker.send({ ...message, messageId: 1 }, { ...message, messageId: 2 })

    expect(rig.take().at(-1)).toMatch(/^closed protocol-error: .*Receive Maximum/)
  })
})

describe('a session that ends', () => {
  it('says goodbye, takes what is still acknowledged, and is closed when the transport is', () => {
    const rig = new SessionRig().connect()
    rig.publish('a', 1)
    rig.publish('b', 2)
    rig.session.disconnect()
    expect(rig.sent().slice(1)).toEqual(['publish #1 q1 t a', 'publish #2 q2 t b', 'disconnect'])
    expect(rig.broker.isEnded).toBe(true)
    rig.broker.send(
      { cmd: 'puback', messageId: 1, reasonCode: 0 },
      { cmd: 'pubrec', messageId: 2, reasonCode: 0 },
    )
    rig.broker.end()

    expect(rig.take()).toEqual(['connected', 'acknowledged a 0', 'closed client: disconnected by the device'])
    expect(rig.sent()).toEqual([])
  })

  it('does not wait for ever for a broker that never closes', () => {
    const rig = new SessionRig().connect()
    rig.session.disconnect()
    rig.session.tick(1_000)
    rig.session.tick(11_000)

    expect(rig.take()).toEqual(['connected', 'closed client: disconnected by the device'])
    expect(rig.broker.isDestroyed).toBe(true)
  })

  it('is closed once, whatever the transport says afterwards', () => {
    const rig = new SessionRig().connect()
    rig.session.drop(true)
    rig.broker.end(new Error('late'))
    rig.broker.send({ cmd: 'pingresp' })
    rig.session.drop()

    expect(rig.take()).toEqual(['connected', 'closed client: reset by the device'])
    expect(rig.broker.wasReset).toBe(true)
  })

  it('names the reason of a DISCONNECT from the broker', () => {
    const rig = new SessionRig().connect()
    rig.broker.send({ cmd: 'disconnect', reasonCode: 0x8e })

    expect(rig.take().at(-1)).toBe('closed server-disconnect: session taken over (0x8e)')
  })

  it('stops reading once a hook has dropped the connection', () => {
    const rig = new SessionRig().connect()
    rig.received = () => rig.session.drop()
    const one = Buffer.from([0x30, 4, 0, 1, 0x74, 0])
    rig.broker.sendBytes(Buffer.concat([one, one, Buffer.from([0xff])]))

    expect(rig.take()).toEqual(['connected', 'closed client: dropped by the device'])
  })

  it.each([
    ['PUBACK', 2, 'puback'],
    ['PUBREC', 1, 'pubrec'],
    ['PUBCOMP', 2, 'pubcomp'],
  ] as const)('calls a %s for a message of QoS %i an error of the protocol', (_name, qos, cmd) => {
    const rig = new SessionRig().connect()
    rig.publish('x', qos)
    rig.broker.send({ cmd, messageId: 1, reasonCode: 0 })

    expect(rig.take().at(-1)).toMatch(/^closed protocol-error/)
    expect(rig.sent().at(-1)).toBe('disconnect 0x82')
  })

  it('passes over acknowledgements for ids it does not know, and ends a forgotten QoS 2 exchange', () => {
    const rig = new SessionRig().connect()
    rig.sent()
    rig.broker.send(
      { cmd: 'puback', messageId: 77, reasonCode: 0 },
      { cmd: 'pubcomp', messageId: 78, reasonCode: 0 },
      { cmd: 'pubrec', messageId: 79, reasonCode: 0 },
    )

    expect(rig.session.isConnected).toBe(true)
    expect(rig.sent()).toEqual(['pubrel #79 0x92'])
  })
})

describe('keep-alive', () => {
  it('pings a silent connection within the interval and goes on when it is answered', () => {
    const rig = new SessionRig({ keepAliveS: 10 }).connect()
    rig.sent()
    for (const nowMs of [0, 5_000, 9_000]) rig.session.tick(nowMs)
    expect(rig.sent()).toEqual(['pingreq'])
    rig.broker.send({ cmd: 'pingresp' })
    rig.session.tick(10_000)
    rig.session.tick(19_000)

    expect(rig.sent()).toEqual(['pingreq'])
    expect(rig.session.isConnected).toBe(true)
  })

  it('notices a dead link although it keeps publishing at QoS 0', () => {
    const rig = new SessionRig({ keepAliveS: 10 }).connect()
    for (let nowMs = 0; nowMs <= 20_000; nowMs += 500) {
      rig.publish('x', 0, 't', nowMs)
      rig.session.tick(nowMs)
    }

    expect(rig.take()).toEqual(['connected', 'closed keep-alive: no PINGRESP within the keep-alive of 10 s'])
  })

  it('does not ping while both sides are heard', () => {
    const rig = new SessionRig({ keepAliveS: 10 }).connect()
    for (let nowMs = 0; nowMs <= 60_000; nowMs += 1_000) {
      rig.publish('x', 1, 't', nowMs)
      rig.broker.send({ cmd: 'puback', messageId: 1 + nowMs / 1_000, reasonCode: 0 })
      rig.session.tick(nowMs)
    }

    expect(rig.sent()).not.toContain('pingreq')
  })

  it('obeys the Server Keep Alive, and 0 means never', () => {
    const server = new SessionRig({ keepAliveS: 600 }).connect({ properties: { serverKeepAlive: 4 } })
    const never = new SessionRig({ keepAliveS: 0 }).connect()
    for (const rig of [server, never]) {
      rig.session.tick(0)
      rig.session.tick(3_000)
      rig.session.tick(1e9)
    }

    expect(server.take().at(-1)).toMatch(/keep-alive of 4 s/)
    expect(never.take()).toEqual(['connected'])
  })
})
