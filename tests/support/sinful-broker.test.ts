import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt'
import { describe, expect, it } from 'vitest'
import { endings } from './endings.ts'
import { markedPayload } from './marked-payload.ts'
import { type MarkedMessage, MarkedPublisher } from './marked-publisher.ts'
import { type Sins, startSinfulBroker } from './sinful-broker.ts'
import { until } from './until.ts'

const atEnd = endings()

async function brokerWith(sins: Partial<Sins>, seed = 1) {
  const broker = await startSinfulBroker(sins, seed)
  atEnd(() => broker.stop())
  return broker
}

async function clientOf(port: number, options: IClientOptions = {}): Promise<MqttClient> {
  const client = await connectAsync(`mqtt://127.0.0.1:${port}`, { reconnectPeriod: 20, ...options })
  client.on('error', () => undefined)
  atEnd(() => client.end(true))
  return client
}

function messages(count: number, qos: 0 | 1 | 2): MarkedMessage[] {
  const stream = { run: 1, device: 0, publish: 0, qos, epoch: 0, intendedUs: 0, sentLagUs: 0 }
  return Array.from({ length: count }, (_, seq) => ({
    topic: 't/0',
    payload: markedPayload({ ...stream, seq }),
    qos,
  }))
}

/** What an MQTT.js subscriber receives of `sent`, as the sequence numbers in its payloads. */
async function received(sins: Partial<Sins>, seed: number, sent: MarkedMessage[]) {
  const broker = await brokerWith(sins, seed)
  const subscriber = await clientOf(broker.port, { protocolVersion: 5 })
  const numbers: number[] = []
  const bySent = new Map(sent.map(({ payload }, seq) => [payload.toString('latin1'), seq]))
  subscriber.on('message', (_topic, payload) => numbers.push(bySent.get(payload.toString('latin1')) ?? -1))
  await subscriber.subscribeAsync('t/+', { qos: 2 })
  const publisher = await MarkedPublisher.connect(broker.port, 'publisher')
  atEnd(() => publisher.end())
  publisher.publish(sent)
  const stream = () => [...broker.truth.streams.values()][0]
  await until(() => stream()?.accepted.size === sent.length)
  broker.flush()
  await until(() => numbers.length === stream()?.delivered.length)
  return { numbers, broker }
}

describe('the sinful broker', () => {
  it.each([0, 1, 2] as const)('without sins delivers all once and in order (QoS %i)', async (qos) => {
    const { numbers, broker } = await received({}, 1, messages(500, qos))
    expect(numbers).toEqual(Array.from({ length: 500 }, (_, seq) => seq))
    expect(broker.truth.counts()).toMatchObject({
      ...{ accepted: 500, distinct: 500, dropped: 0, duplicates: 0, reordered: 0 },
    })
  })

  it.each([0, 1, 2] as const)('writes down exactly what it delivered (QoS %i)', async (qos) => {
    const sins = { drop: 0.1, duplicate: 0.1, reorder: 0.1 }
    const { numbers, broker } = await received(sins, 7, messages(1_000, qos))
    const [stream] = broker.truth.streams.values()
    expect(stream?.delivered.map(({ seq }) => seq)).toEqual(numbers)
    const counts = broker.truth.counts()
    expect(counts.dropped).toBe(1_000 - new Set(numbers).size)
    for (const sin of [counts.dropped, counts.duplicates, counts.reordered]) {
      expect(sin).toBeGreaterThan(20)
      expect(sin).toBeLessThan(300)
    }
  })

  it('sins the same way for the same seed', async () => {
    const sins = { drop: 0.1, duplicate: 0.1, reorder: 0.1 }
    const first = await received(sins, 3, messages(300, 1))
    const again = await received(sins, 3, messages(300, 1))
    const other = await received(sins, 4, messages(300, 1))
    expect(again.numbers).toEqual(first.numbers)
    expect(other.numbers).not.toEqual(first.numbers)
  })

  it('takes 10,000 messages of QoS 1 in about a second', async () => {
    const began = performance.now()
    await received({ drop: 0.01 }, 1, messages(10_000, 1))
    expect(performance.now() - began).toBeLessThan(5_000)
  })

  it('refuses messages with the reason it is told to, and delivers none of those', async () => {
    const broker = await brokerWith({ reject: 0.5, rejectReason: 0x97, ackReason: 0x10 })
    const publisher = await MarkedPublisher.connect(broker.port, 'publisher')
    atEnd(() => publisher.end())
    publisher.publish(messages(200, 1))
    await until(() => publisher.acked === 200)
    const { accepted, rejected } = broker.truth.counts()
    expect(Object.fromEntries(publisher.reasons)).toEqual({ 16: accepted, 151: rejected })
    expect(rejected).toBeGreaterThan(50)
  })

  it('acknowledges nothing when told not to', async () => {
    const broker = await brokerWith({ neverAck: true })
    const publisher = await MarkedPublisher.connect(broker.port, 'publisher')
    atEnd(() => publisher.end())
    publisher.publish(messages(5, 1))
    await until(() => broker.truth.counts().accepted === 5)
    expect(publisher.acked).toBe(0)
  })

  it('keeps a session over a reset and delivers all of it, in order', async () => {
    const broker = await brokerWith({})
    const subscriber = await clientOf(broker.port, {
      ...{ clientId: 'keeper', clean: false, protocolVersion: 5, resubscribe: false },
      properties: { sessionExpiryInterval: 60 },
    })
    const seen = new Set<string>()
    subscriber.on('message', (_topic, payload) => seen.add(payload.toString('latin1')))
    await subscriber.subscribeAsync('t/+', { qos: 1 })
    const publisher = await MarkedPublisher.connect(broker.port, 'publisher')
    atEnd(() => publisher.end())
    const sent = messages(600, 1)
    for (let at = 0; at < 600; at += 200) {
      publisher.publish(sent.slice(at, at + 200))
      await until(() => broker.truth.counts().accepted === at + 200)
      broker.kill((clientId) => clientId === 'keeper')
    }
    await until(() => seen.size === 600)
    expect([...seen]).toEqual(sent.map(({ payload }) => payload.toString('latin1')))
  })

  it('lets the second of two clients with one id stay', async () => {
    const broker = await brokerWith({})
    const first = await clientOf(broker.port, { clientId: 'twin', protocolVersion: 5, reconnectPeriod: 0 })
    const reason = new Promise((resolve) => first.once('disconnect', ({ reasonCode }) => resolve(reasonCode)))
    const second = await clientOf(broker.port, { clientId: 'twin', protocolVersion: 5 })
    expect(await reason).toBe(0x8e)
    await second.publishAsync('x', 'y', { qos: 1 })
  })
})
