import { describe, expect, it } from 'vitest'
import { markedBytes, markedPayload } from '../../tests/support/marked-payload.ts'
import { startMosquitto } from '../../tests/support/mosquitto.ts'
import { describeWithMosquitto } from '../../tests/support/needs.ts'
import { delivered, identity, probeRig } from '../../tests/support/probe-rig.ts'
import { startSinfulBroker } from '../../tests/support/sinful-broker.ts'
import { until } from '../../tests/support/until.ts'
import { startEmbeddedBroker } from '../broker/embedded-broker.ts'
import { TokenMarker } from '../delivery/marker-token.ts'
import { LatencyHistogram } from '../metrics/histogram.ts'
import { machineNowMs } from '../run/run-clock.ts'

const { atEnd, probeOn, publisherOn } = probeRig()

const brokers: [string, () => Promise<number>][] = [
  [
    'the embedded broker',
    async () => {
      const broker = await startEmbeddedBroker('127.0.0.1', (error) => expect.fail(error.message))
      atEnd(() => broker.stop())
      return broker.port
    },
  ],
  [
    'Mosquitto',
    async () => {
      // With a limit Mosquitto 2.0.11 forgets queued QoS 1 messages when QoS 2 messages are under way as well.
      const broker = await startMosquitto({ settings: ['max_inflight_messages 0'] })
      atEnd(() => broker.stop())
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
      await publisher.publishAsync('t/1', markedPayload(identity(0, { run: 0xbad })), { qos: 1 })
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
    atEnd(() => broker.stop())
    const probe = await probeOn(broker.port)
    const publisher = await publisherOn(broker.port)
    const payload = Buffer.from('plain')
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
    atEnd(() => broker.stop())
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
    atEnd(() => broker.stop())
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
    atEnd(() => broker.stop())
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
