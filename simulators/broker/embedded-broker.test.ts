import type { IClientOptions } from 'mqtt'
import { generate } from 'mqtt-packet'
import { describe, expect, it } from 'vitest'
import { embeddedRig, messages, publish } from '../../tests/support/embedded-rig.ts'

const rig = embeddedRig()
const { client, resume, socket } = rig

describe.each([4, 5] as const)('MQTT version %i', (protocolVersion) => {
  it('delivers QoS 0, 1 and 2 with the QoS of the message, in order', async () => {
    const subscriber = await client({ protocolVersion })
    await subscriber.subscribeAsync('t/#', { qos: 2 })
    const publisher = await client({ protocolVersion })
    const seen = messages(subscriber, 30)
    for (let index = 0; index < 30; index += 1) {
      const qos = [0, 1, 2][index % 3] as 0 | 1 | 2
      publisher.publish(`t/${qos}`, String(index), { qos })
    }
    const all = await seen
    for (const qos of [0, 1, 2]) {
      const numbers = all.filter((one) => one.endsWith(`:${qos}`)).map((one) => Number(one.split(':')[1]))
      expect(numbers).toEqual(Array.from({ length: 10 }, (_, index) => index * 3 + qos))
    }
  })

  it('keeps the last retained message and takes it back when asked', async () => {
    const publisher = await client({ protocolVersion })
    await publisher.publishAsync('state/a', 'old', { retain: true, qos: 1 })
    await publisher.publishAsync('state/a', 'new', { retain: true, qos: 1 })
    await publisher.publishAsync('state/b', 'gone', { retain: true, qos: 1 })
    await publisher.publishAsync('state/b', '', { retain: true, qos: 1 })
    const subscriber = await client({ protocolVersion })
    const seen = messages(subscriber, 2)
    await subscriber.subscribeAsync('state/#', { qos: 1 })
    await publisher.publishAsync('state/end', 'x', { qos: 1 })
    expect(await seen).toEqual(['state/a:new:1', 'state/end:x:1'])
  })

  it('publishes the will of a client that is cut off, and not of one that says goodbye', async () => {
    const watcher = await client({ protocolVersion })
    await watcher.subscribeAsync('will/#', { qos: 1 })
    const seen = messages(watcher, 1)
    const will = (topic: string) => ({ topic, payload: Buffer.from('gone'), qos: 1 as const, retain: false })
    const polite = await client({ protocolVersion, will: will('will/polite') })
    await polite.endAsync()
    const cut = await client({ protocolVersion, will: will('will/cut') })
    cut.stream.destroy()
    expect(await seen).toEqual(['will/cut:gone:1'])
  })

  it('keeps a session and hands over what came meanwhile, in order', async () => {
    const session: IClientOptions =
      protocolVersion === 5
        ? { clientId: 'keeper', clean: false, protocolVersion, properties: { sessionExpiryInterval: 60 } }
        : { clientId: 'keeper', clean: false, protocolVersion }
    const first = await client(session)
    await first.subscribeAsync('q/#', { qos: 2 })
    await first.endAsync()
    const publisher = await client({ protocolVersion })
    for (let index = 0; index < 20; index += 1) {
      await publisher.publishAsync('q/x', String(index), { qos: index < 10 ? 1 : 2 })
    }
    const resumed = await resume(session, 20)
    expect(resumed.present).toBe(true)
    expect((await resumed.seen).map((one) => one.split(':')[1])).toEqual(
      Array.from({ length: 20 }, (_, index) => String(index)),
    )
  })

  it('resumes the session of a publisher that has no subscription', async () => {
    const session: IClientOptions =
      protocolVersion === 5
        ? { clientId: 'pub', clean: false, protocolVersion, properties: { sessionExpiryInterval: 60 } }
        : { clientId: 'pub', clean: false, protocolVersion }
    const first = await client(session)
    await first.endAsync()
    expect((await resume(session, 20)).present).toBe(true)
  })

  it('lets the newer of two clients with one id stay', async () => {
    const older = await client({ clientId: 'twin', protocolVersion })
    const closed = new Promise((resolve) => older.once('close', () => resolve('closed')))
    const newer = await client({ clientId: 'twin', protocolVersion })
    expect(await closed).toBe('closed')
    await newer.publishAsync('t', 'x', { qos: 1 })
  })
})

describe('MQTT 5', () => {
  it('passes on user properties, content type and correlation data', async () => {
    const subscriber = await client({ protocolVersion: 5 })
    await subscriber.subscribeAsync('p', { qos: 1 })
    const came = new Promise<unknown>((resolve) =>
      subscriber.once('message', (_topic, _payload, { properties }) => resolve(properties)),
    )
    const publisher = await client({ protocolVersion: 5 })
    const properties = {
      userProperties: { site: 'north', line: ['1', '2'] },
      contentType: 'application/json',
      correlationData: Buffer.from('c'),
    }
    await publisher.publishAsync('p', 'x', { qos: 1, properties })
    expect(await came).toMatchObject({ ...properties, userProperties: { site: 'north', line: ['1', '2'] } })
  })

  it('ends a session when its expiry is over', async () => {
    const session: IClientOptions = {
      clientId: 'short',
      clean: false,
      protocolVersion: 5,
      properties: { sessionExpiryInterval: 1 },
    }
    const first = await client(session)
    await first.subscribeAsync('x', { qos: 1 })
    await first.endAsync()
    await new Promise((resolve) => setTimeout(resolve, 1_200))
    expect((await resume(session, 1)).present).toBe(false)
  })

  it('takes topic aliases', async () => {
    const subscriber = await client({ protocolVersion: 5 })
    await subscriber.subscribeAsync('long/#', { qos: 0 })
    const seen = messages(subscriber, 2)
    const publisher = await client({ protocolVersion: 5, autoAssignTopicAlias: true })
    publisher.publish('long/topic', '1')
    publisher.publish('long/topic', '2')
    expect(await seen).toEqual(['long/topic:1:0', 'long/topic:2:0'])
  })

  it('grants what is asked for', async () => {
    const subscriber = await client({ protocolVersion: 5 })
    const granted = await subscriber.subscribeAsync({ a: { qos: 0 }, b: { qos: 1 }, c: { qos: 2 } })
    expect(granted.map(({ qos }) => qos)).toEqual([0, 1, 2])
  })
})

describe('bad clients', () => {
  it.each([
    ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['random bytes', Buffer.from('ffffffffffffffffffff', 'hex')],
    ['an oversized length', Buffer.from('10ffffffff', 'hex')],
    ['a PUBLISH before CONNECT', publish('t', 'x')],
  ])('sending %s does not disturb the others', async (_what, bytes) => {
    const good = await client()
    const attacker = socket()
    const closed = new Promise((resolve) => attacker.once('close', resolve))
    attacker.end(bytes)
    await closed
    await good.publishAsync('t', 'x', { qos: 1 })
  })

  it.each([
    ['a topic with a wildcard', publish('a/#', 'x')],
    ['a topic of 200 levels', publish('a/'.repeat(200), 'x')],
    [
      'a second CONNECT',
      generate({ cmd: 'connect', clientId: 'x', protocolVersion: 4, protocolId: 'MQTT', clean: true }),
    ],
    ['garbage after CONNECT', Buffer.from('ff00', 'hex')],
  ])('%s costs only the sender its connection', async (_what, bytes) => {
    const good = await client()
    const socket = await rig.rawSession('bad')
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.write(bytes)
    await closed
    await good.publishAsync('t', 'x', { qos: 1 })
  })
})
