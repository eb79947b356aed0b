import { describe, expect, it } from 'vitest'
import { SessionRig } from '../../tests/support/session-rig.ts'

const RESUMED = { sessionPresent: true }

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
