// Long because it is one list of what a session does while it is connected.
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
