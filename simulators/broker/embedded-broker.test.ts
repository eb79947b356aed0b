import { connect as connectSocket, type Socket } from 'node:net'
import { connect, connectAsync, type IClientOptions, type MqttClient } from 'mqtt'
import { generate, type Packet } from 'mqtt-packet'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type EmbeddedBroker, startEmbeddedBroker } from './embedded-broker.ts'

let broker: EmbeddedBroker
let failures: Error[]
const clients: MqttClient[] = []
const sockets: Socket[] = []

beforeEach(async () => {
  failures = []
  broker = await startEmbeddedBroker('127.0.0.1', (error) => failures.push(error))
})

afterEach(async () => {
  for (const client of clients.splice(0)) client.end(true)
  for (const socket of sockets.splice(0)) socket.destroy()
  await broker.stop()
  expect(failures).toEqual([])
})

async function client(options: IClientOptions = {}): Promise<MqttClient> {
  const made = await connectAsync(`mqtt://127.0.0.1:${broker.port}`, { reconnectPeriod: 0, ...options })
  clients.push(made)
  return made
}

/** Waits until `count` messages have come and returns them as "topic:payload:qos". */
function messages(from: MqttClient, count: number): Promise<string[]> {
  return new Promise((resolve) => {
    const seen: string[] = []
    from.on('message', (topic, payload, { qos }) => {
      seen.push(`${topic}:${payload}:${qos}`)
      if (seen.length === count) resolve(seen)
    })
  })
}

/** A raw connection, for what a proper client would not do. Resolves once CONNACK is there. */
async function rawSession(clientId: string, clean = true): Promise<Socket> {
  const socket = connectSocket(broker.port, '127.0.0.1')
  sockets.push(socket)
  socket.on('error', () => undefined)
  const answered = new Promise((resolve) => socket.once('data', resolve))
  socket.write(
    generate({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clean, clientId, keepalive: 0 }),
  )
  await answered
  return socket
}

const publish = (topic: string, payload: string, more: Partial<Packet> = {}) =>
  // `more` holds fields of a PUBLISH only, which Partial<Packet> cannot say.
  generate({ cmd: 'publish', topic, payload, qos: 0, dup: false, retain: false, ...more } as Packet)

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
    const resumed = await resume(session)
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
    expect((await resume(session)).present).toBe(true)
  })

  it('lets the newer of two clients with one id stay', async () => {
    const older = await client({ clientId: 'twin', protocolVersion })
    const closed = new Promise((resolve) => older.once('close', () => resolve('closed')))
    const newer = await client({ clientId: 'twin', protocolVersion })
    expect(await closed).toBe('closed')
    await newer.publishAsync('t', 'x', { qos: 1 })
  })

  async function resume(options: IClientOptions) {
    const again = connect(`mqtt://127.0.0.1:${broker.port}`, { ...options, reconnectPeriod: 0 })
    clients.push(again)
    const seen = messages(again, 20)
    const present = await new Promise<boolean>((resolve) =>
      again.once('connect', ({ sessionPresent }) => resolve(sessionPresent)),
    )
    return { present, seen }
  }
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
    const again = connect(`mqtt://127.0.0.1:${broker.port}`, session)
    clients.push(again)
    const present = await new Promise((resolve) =>
      again.once('connect', (packet) => resolve(packet.sessionPresent)),
    )
    expect(present).toBe(false)
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

describe('what aedes gets wrong on its own', () => {
  it('a retained message is not lost when another message follows in the same segment', async () => {
    const subscriber = await client()
    await subscriber.subscribeAsync('#', { qos: 0 })
    const seen = messages(subscriber, 4)
    const socket = await rawSession('mixed')
    const retain = { retain: true }
    socket.write(
      Buffer.concat([
        publish('r', '1', retain),
        publish('n', '1'),
        publish('r', '2', retain),
        publish('n', '2'),
      ]),
    )
    expect((await seen).sort()).toEqual(['n:1:0', 'n:2:0', 'r:1:0', 'r:2:0'])
  })

  it('a subscriber with a session gets every QoS 2 message released, many at a time', async () => {
    const subscriber = await client({
      clientId: 'released',
      protocolVersion: 5,
      properties: { sessionExpiryInterval: 9 },
    })
    await subscriber.subscribeAsync('#', { qos: 2 })
    // MQTT.js hands a QoS 2 message on when it is released.
    const seen = messages(subscriber, 500)
    const publisher = await client()
    for (let index = 0; index < 500; index += 1) publisher.publish('q', String(index), { qos: 2 })
    expect((await seen).map((one) => Number(one.split(':')[1]))).toEqual(
      Array.from({ length: 500 }, (_, index) => index),
    )
  })

  it('overlapping subscriptions of one client bring one copy', async () => {
    const subscriber = await client({
      clientId: 'overlap',
      clean: false,
      protocolVersion: 5,
      properties: { sessionExpiryInterval: 9 },
    })
    await subscriber.subscribeAsync(['o/#', 'o/+'], { qos: 2 })
    const seen = messages(subscriber, 4)
    const publisher = await client()
    await publisher.publishAsync('o/x', '1', { qos: 2 })
    await publisher.publishAsync('o/x', '2', { qos: 1 })
    await publisher.publishAsync('o/x', '3', { qos: 2, retain: true })
    await publisher.publishAsync('o/y', 'end', { qos: 2 })
    expect((await seen).map((one) => one.split(':')[1])).toEqual(['1', '2', '3', 'end'])
  })

  it('a new session may use the packet id of an unfinished QoS 2 message again', async () => {
    const subscriber = await client()
    await subscriber.subscribeAsync('#', { qos: 2 })
    const seen = messages(subscriber, 2)
    const first = await rawSession('again')
    first.write(publish('q', 'unfinished', { qos: 2, messageId: 1 }))
    await new Promise((resolve) => first.once('data', resolve))
    first.destroy()
    const second = await rawSession('again')
    second.write(publish('q', 'fresh', { qos: 2, messageId: 1 }))
    expect(await seen).toEqual(['q:unfinished:2', 'q:fresh:2'])
  })

  it('a resumed session recognises a QoS 2 message that is sent again', async () => {
    const subscriber = await client()
    await subscriber.subscribeAsync('#', { qos: 2 })
    const seen = messages(subscriber, 2)
    const first = await rawSession('resumed', false)
    first.write(publish('q', 'once', { qos: 2, messageId: 1 }))
    await new Promise((resolve) => first.once('data', resolve))
    first.destroy()
    const second = await rawSession('resumed', false)
    second.write(publish('q', 'once', { qos: 2, messageId: 1, dup: true }))
    second.write(publish('q', 'next', { qos: 2, messageId: 2 }))
    expect(await seen).toEqual(['q:once:2', 'q:next:2'])
  })

  it('survives 20,000 messages without a subscriber that arrive at once', async () => {
    const socket = await rawSession('flood')
    socket.write(Buffer.concat(Array.from({ length: 20_000 }, () => publish('nobody', 'x'))))
    socket.write(publish('nobody', 'x', { qos: 1, messageId: 7 }))
    await new Promise((resolve) => socket.once('data', resolve))
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
    const socket = connectSocket(broker.port, '127.0.0.1')
    socket.on('error', () => undefined)
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.end(bytes)
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
    const socket = await rawSession('bad')
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.write(bytes)
    await closed
    await good.publishAsync('t', 'x', { qos: 1 })
  })
})
