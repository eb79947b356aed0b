import { connectAsync, type MqttClient } from 'mqtt'
import { afterEach, describe, expect, it } from 'vitest'
import { markedBytes, markedPayload } from '../../tests/support/marked-payload.ts'
import { startMosquitto } from '../../tests/support/mosquitto.ts'
import { describeWithMosquitto } from '../../tests/support/needs.ts'
import { profileOf } from '../../tests/support/profile-of.ts'
import { type SinfulBroker, startSinfulBroker } from '../../tests/support/sinful-broker.ts'
import { startEmbeddedBroker } from '../broker/embedded-broker.ts'
import { LatencyHistogram } from '../metrics/histogram.ts'
import type { ProfileInput } from '../profile/schema/profile.ts'
import { machineNowMs } from '../run/run-clock.ts'
import { Probe } from './probe.ts'

const RUN = 0x00c0ffee

/** What a test has to end. */
const endings: (() => unknown)[] = []
afterEach(async () => {
  for (const ending of endings.splice(0).reverse()) await ending()
})

async function probeOn(port: number, changes: Partial<ProfileInput> = {}): Promise<Probe> {
  const profile = profileOf({
    broker: { url: `mqtt://127.0.0.1:${port}` },
    fleets: [{ count: 10, publish: [{ topic: 't/{{device}}', qos: 1, every: '1s' }] }],
    ...changes,
  })
  const probe = await Probe.subscribe({ run: RUN, profile, baseDir: '.', embeddedPort: port })
  endings.push(() => probe.stop())
  probe.start(machineNowMs(), [])
  return probe
}

async function publisherOn(port: number, protocolVersion: 4 | 5 = 5): Promise<MqttClient> {
  const client = await connectAsync(`mqtt://127.0.0.1:${port}`, { protocolVersion })
  endings.push(() => client.end(true))
  return client
}

const identity = (seq: number, changes = {}) => ({
  ...{ run: RUN, device: 0, publish: 0, qos: 1 as const, epoch: 0, seq, intendedUs: 0, sentLagUs: 0 },
  ...changes,
})

/** Waits until `holds`, for as long as the test may take. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5))
}

const delivered = (probe: Probe) => probe.sample().delivered[0] ?? 0

const brokers: [string, () => Promise<number>][] = [
  [
    'the embedded broker',
    async () => {
      const broker = await startEmbeddedBroker('127.0.0.1', (error) => expect.fail(error.message))
      endings.push(() => broker.stop())
      return broker.port
    },
  ],
  [
    'Mosquitto',
    async () => {
      // With a limit Mosquitto 2.0.11 forgets queued QoS 1 messages when QoS 2 messages are under way as well.
      const broker = await startMosquitto({ settings: ['max_inflight_messages 0'] })
      endings.push(() => broker.stop())
      return broker.port
    },
  ],
]

for (const [name, start] of brokers) {
  const describeHere = name === 'Mosquitto' ? describeWithMosquitto : describe
  describeHere.each([4, 5] as const)(`on ${name} with MQTT version %i`, (version) => {
    const protocol = version === 5 ? 5 : '3.1.1'

    it('sees every message of every QoS once, with its latency', async () => {
      const port = await start()
      const url = `mqtt://127.0.0.1:${port}`
      const probe = await probeOn(port, {
        broker: { url, protocol },
        fleets: [{ count: 10, publish: [{ topic: 't/{{device}}', qos: { 0: 1, 1: 1, 2: 1 }, every: '1s' }] }],
      })
      const publisher = await publisherOn(port, version)
      for (let seq = 0; seq < 100; seq += 1) {
        for (const qos of [0, 1, 2] as const) {
          const id = identity(seq, { qos, device: seq % 10 })
          publisher.publish('t/x', markedPayload({ ...id, seq: Math.floor(seq / 10) }), { qos })
        }
      }
      await until(() => delivered(probe) === 300)
      const { reading, latency } = probe.read()
      expect(reading).toMatchObject({ foreign: 0, damaged: 0, retained: 0, phantom: 0 })
      expect(reading.streams).toHaveLength(30)
      for (const stream of reading.streams)
        expect(stream).toMatchObject({ distinct: 10, max: 9, holes: [], duplicates: 0, reordered: 0 })
      expect(reading.health).toMatchObject({ connections: 1, reconnects: 0, blind: [], grantedQos: 2 })
      const histogram = LatencyHistogram.decode(latency[0]?.fromIntended ?? new Uint8Array())
      expect(histogram.summary()).toMatchObject({ count: 300, negative: 0 })
    })

    it('tells retained, foreign, damaged and corrupt messages apart', async () => {
      const port = await start()
      const publisher = await publisherOn(port, version)
      await publisher.publishAsync('t/old', markedPayload(identity(7)), { retain: true, qos: 1 })
      const probe = await probeOn(port, { broker: { url: `mqtt://127.0.0.1:${port}`, protocol } })
      const damaged = markedPayload(identity(1))
      damaged[damaged.indexOf('~fl1:') + 8] = 0x21
      const corrupt = markedPayload(identity(2))
      corrupt[corrupt.length - 3] = 0x21
      await publisher.publishAsync('t/1', 'not ours', { qos: 1 })
      await publisher.publishAsync('t/1', markedPayload(identity(0, { run: RUN + 1 })), { qos: 1 })
      await publisher.publishAsync('t/1', damaged, { qos: 1 })
      await publisher.publishAsync('t/1', corrupt, { qos: 1 })
      await publisher.publishAsync('t/1', markedBytes(identity(0)), { qos: 1 })
      await until(() => delivered(probe) === 2)
      const { reading } = probe.read()
      // MQTT 5 asks for no retained copies at all; in 3.1.1 they cannot be declined.
      expect(reading).toMatchObject({ foreign: 2, damaged: 1, retained: version === 5 ? 0 : 1 })
      expect(reading.streams).toMatchObject([{ distinct: 2, corrupt: 1, max: 2 }])
    })

    it('sees streams whole over several connections', async () => {
      const port = await start()
      const probe = await probeOn(port, {
        broker: { url: `mqtt://127.0.0.1:${port}`, protocol },
        observe: { probe: { connections: 3 } },
        fleets: [{ count: 30, publish: [{ topic: 't/{{device}}', qos: 1, every: '1s' }] }],
      })
      const publisher = await publisherOn(port, version)
      for (let seq = 0; seq < 20; seq += 1) {
        for (let device = 0; device < 30; device += 1)
          publisher.publish(`t/fleet1-${device}`, markedPayload(identity(seq, { device })), { qos: 1 })
      }
      await until(() => delivered(probe) === 600)
      const { reading } = probe.read()
      expect(reading.health.connections).toBe(3)
      expect(reading.streams).toHaveLength(30)
      for (const stream of reading.streams)
        expect(stream).toMatchObject({ distinct: 20, holes: [], reordered: 0, duplicates: 0 })
    })
  })
}

describe('MQTT 5 user properties', () => {
  it('are read when the payload has no marker', async () => {
    const broker = await startSinfulBroker()
    endings.push(() => broker.stop())
    const probe = await probeOn(broker.port)
    const publisher = await publisherOn(broker.port)
    const payload = Buffer.from('plain')
    const { TokenMarker } = await import('../delivery/marker-token.ts')
    const marker = new TokenMarker(identity(0))
    const out = Buffer.concat([payload, Buffer.alloc(marker.length)])
    marker.write(out, payload.length, 0, payload.length, identity(0))
    const userProperties = { 'fl-id': out.toString('latin1', payload.length) }
    await publisher.publishAsync('t/1', payload, { qos: 1, properties: { userProperties } })
    await until(() => delivered(probe) === 1)
    expect(probe.read().reading).toMatchObject({ foreign: 0, streams: [{ distinct: 1, corrupt: 0 }] })
  })
})

describe('topics that change from message to message', () => {
  it('are lanes of a stream: order is judged within each', async () => {
    const broker = await startSinfulBroker()
    endings.push(() => broker.stop())
    const probe = await probeOn(broker.port, {
      fleets: [{ count: 1, publish: [{ topic: 't/{{pick a b}}', qos: 1, every: '1s' }] }],
    })
    const publisher = await publisherOn(broker.port)
    for (const [topic, seq] of [
      ['a', 1],
      ['b', 0],
      ['b', 3],
      ['b', 2],
    ] as const)
      await publisher.publishAsync(`t/${topic}`, markedPayload(identity(seq)), { qos: 1 })
    await until(() => delivered(probe) === 4)
    expect(probe.read().reading.streams).toMatchObject([{ distinct: 4, lanes: 2, reordered: 1 }])
  })
})

describe('time', () => {
  it('latencies count from the intended and from the sent time, also without the warm-up', async () => {
    const broker = await startSinfulBroker()
    endings.push(() => broker.stop())
    const probe = await probeOn(broker.port)
    probe.start(machineNowMs() - 60_000, [30_000])
    const publisher = await publisherOn(broker.port)
    const early = { intendedUs: 20_000_000, sentLagUs: 5_000_000 }
    const late = { intendedUs: 50_000_000, sentLagUs: 1_000_000 }
    await publisher.publishAsync('t/1', markedPayload(identity(0, early)), { qos: 1 })
    await publisher.publishAsync('t/1', markedPayload(identity(1, late)), { qos: 1 })
    await until(() => delivered(probe) === 2)
    const [latency] = probe.read().latency
    const of = (bytes: Uint8Array | undefined) => LatencyHistogram.decode(bytes ?? new Uint8Array()).summary()
    expect(of(latency?.fromIntended).count).toBe(2)
    expect(of(latency?.fromIntended).max).toBeGreaterThanOrEqual(40_000)
    expect(of(latency?.fromSent).max).toBeLessThan(40_000)
    expect(of(latency?.afterWarmUp[0]?.fromIntended)).toMatchObject({ count: 1 })
    expect(of(latency?.afterWarmUp[0]?.fromSent).max).toBeGreaterThanOrEqual(9_000)
    expect(of(latency?.afterWarmUp[0]?.fromSent).max).toBeLessThan(10_900)
  })

  it('samples hold the latencies since the sample before', async () => {
    const broker = await startSinfulBroker()
    endings.push(() => broker.stop())
    const probe = await probeOn(broker.port)
    const publisher = await publisherOn(broker.port)
    await publisher.publishAsync('t/1', markedPayload(identity(0)), { qos: 1 })
    let sample = probe.sample()
    await until(() => {
      sample = probe.sample()
      return sample.e2e[0] !== null
    })
    expect(LatencyHistogram.decode(sample.e2e[0] ?? new Uint8Array()).count).toBe(1)
    expect(sample.lastArrivalMs).toBeGreaterThan(0)
    expect(probe.sample().e2e).toEqual([null])
  })
})

describe('a connection that breaks', () => {
  async function broken(broker: SinfulBroker, probe: Probe) {
    broker.kill((clientId) => clientId.startsWith('flotilla-probe'))
    await until(() => probe.sample().blindSinceMs !== null)
    await until(() => probe.sample().blindSinceMs === null)
    return probe.read().reading.health
  }

  it.each(['3.1.1', 5] as const)(
    'is a blind span; the session keeps QoS 1 (version %s)',
    async (protocol) => {
      const broker = await startSinfulBroker()
      endings.push(() => broker.stop())
      const probe = await probeOn(broker.port, {
        broker: { url: `mqtt://127.0.0.1:${broker.port}`, protocol },
      })
      const publisher = await publisherOn(broker.port)
      await publisher.publishAsync('t/1', markedPayload(identity(0)), { qos: 1 })
      await until(() => delivered(probe) === 1)
      broker.kill((clientId) => clientId.startsWith('flotilla-probe'))
      await publisher.publishAsync('t/1', markedPayload(identity(1)), { qos: 1 })
      await until(() => delivered(probe) === 2)
      await until(() => probe.sample().blindSinceMs === null)
      const { health } = probe.read().reading
      expect(health.reconnects).toBe(1)
      expect(health.blind).toMatchObject([
        { why: expect.stringMatching(/connection 0 lost.*session resumed/) },
      ])
      const [span] = health.blind
      expect(span?.fromMs).toBeGreaterThan(0)
      expect(span?.toMs).toBeGreaterThan(span?.fromMs ?? 0)
    },
  )

  it('subscribes anew when the broker has forgotten the session', async () => {
    const broker = await startSinfulBroker()
    endings.push(() => broker.stop())
    const probe = await probeOn(broker.port)
    broker.sessions.get('flotilla-probe-00c0ffee-0')?.filters.clear()
    for (const session of broker.sessions.values()) session.keepsAfterClose = false
    const health = await broken(broker, probe)
    expect(health.blind).toMatchObject([{ why: expect.stringContaining('session lost: subscribed anew') }])
    const publisher = await publisherOn(broker.port)
    await publisher.publishAsync('t/1', markedPayload(identity(0)), { qos: 1 })
    await until(() => delivered(probe) === 1)
  })

  it('says why when the broker took the session from it', async () => {
    const broker = await startSinfulBroker()
    endings.push(() => broker.stop())
    const probe = await probeOn(broker.port)
    broker.takeOver('flotilla-probe-00c0ffee-0')
    await until(() => probe.read().reading.health.reconnects === 1)
    expect(probe.read().reading.health.blind[0]?.why).toContain('session taken over (0x8e)')
  })

  it('stays blind while the broker is away, and sees again when it is back', async () => {
    const first = await startSinfulBroker()
    const probe = await probeOn(first.port)
    await first.stop()
    await until(() => probe.sample().blindSinceMs !== null)
    expect(probe.read().reading.health.blind).toMatchObject([{ toMs: Number.POSITIVE_INFINITY }])
    const { SinfulBroker: Broker } = await import('../../tests/support/sinful-broker.ts')
    const second = await new Broker(1, {}).listen(first.port)
    endings.push(() => second.stop())
    await until(() => probe.sample().blindSinceMs === null)
    expect(probe.read().reading.health.blind).toHaveLength(1)
    expect(probe.read().reading.health.blind[0]?.toMs).toBeLessThan(Number.POSITIVE_INFINITY)
  })
})

describe('sessions', () => {
  it.each(['3.1.1', 5] as const)('leave nothing behind at the broker (version %s)', async (protocol) => {
    const broker = await startSinfulBroker()
    endings.push(() => broker.stop())
    const url = `mqtt://127.0.0.1:${broker.port}`
    for (const clientId of [undefined, 'mine']) {
      const probe = await probeOn(broker.port, {
        broker: { url, protocol },
        observe: { probe: clientId === undefined ? {} : { clientId } },
      })
      expect([...broker.sessions.keys()]).toEqual([clientId ?? 'flotilla-probe-00c0ffee-0'])
      await probe.stop()
      await until(() => broker.sessions.size === 0)
    }
  })
})
