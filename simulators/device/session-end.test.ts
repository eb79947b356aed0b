import { describe, expect, it } from 'vitest'
import { SessionRig } from '../../tests/support/session-rig.ts'

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
