import { expect, it } from 'vitest'
import { countsOf } from '../../tests/support/delivery-truth.ts'
import { endings } from '../../tests/support/endings.ts'
import { markedBytes, markedPayload } from '../../tests/support/marked-payload.ts'
import { type MarkedMessage, MarkedPublisher } from '../../tests/support/marked-publisher.ts'
import { profileOf } from '../../tests/support/profile-of.ts'
import { seeded } from '../../tests/support/seeded.ts'
import { startSinfulBroker } from '../../tests/support/sinful-broker.ts'
import { until } from '../../tests/support/until.ts'
import { machineNowMs } from '../run/run-clock.ts'
import { Probe } from './probe.ts'

const RUN = 0xabcd
const MESSAGES = 10_000
/** More of them when asked: FLOTILLA_RUNS=100. */
const RUNS = Number(process.env.FLOTILLA_RUNS ?? 4)

const atEnd = endings()

/** Messages of all streams, each stream in order, streams interleaved at random. */
function* interleaved(devices: number, chance: () => number): Generator<MarkedMessage> {
  const next = new Map<string, number>()
  for (let sent = 0; sent < MESSAGES; sent += 1) {
    const device = Math.floor(chance() * devices)
    const qos = ([0, 1, 2] as const)[Math.floor(chance() * 3)] ?? 0
    const seq = next.get(`${device}:${qos}`) ?? 0
    next.set(`${device}:${qos}`, seq + 1)
    const identity = { run: RUN, device, publish: 0, qos, epoch: 0, seq, intendedUs: 0, sentLagUs: 0 }
    const payload = chance() < 0.5 ? markedPayload(identity, 100) : markedBytes(identity, 60)
    yield { topic: `t/fleet1-${device}`, payload, qos }
  }
}

it.each(Array.from({ length: RUNS }, (_, index) => index + 1))(
  'the probe counts exactly what a sinful broker did, 10,000 messages, run %i',
  async (seed) => {
    const chance = seeded(seed)
    const share = () => chance() * 0.1
    const sins = { drop: share(), duplicate: share(), reorder: share(), corrupt: share() / 3 }
    const broker = await startSinfulBroker(sins, seed)
    atEnd(() => broker.stop())
    const devices = 1 + Math.floor(chance() * 100)
    const version = chance() < 0.5 ? 4 : 5
    const profile = profileOf({
      broker: { url: `mqtt://127.0.0.1:${broker.port}`, protocol: version === 5 ? 5 : '3.1.1' },
      observe: { probe: { qos: 2, connections: 1 + Math.floor(chance() * 3) } },
      fleets: [
        { count: devices, publish: [{ topic: 't/{{device}}', qos: { 0: 1, 1: 1, 2: 1 }, rate: '1/s' }] },
      ],
    })
    const probe = await Probe.subscribe({ run: RUN, profile, baseDir: '.', embeddedPort: null })
    atEnd(() => probe.stop())
    probe.start(machineNowMs(), [])
    const publisher = await MarkedPublisher.connect(broker.port, 'publisher', version)
    atEnd(() => publisher.end())
    const messages = [...interleaved(devices, chance)]
    for (let at = 0; at < messages.length; at += 250) {
      publisher.publish(messages.slice(at, at + 250))
      await until(() => broker.truth.counts().accepted >= at)
    }
    await until(() => broker.truth.counts().accepted === MESSAGES)
    broker.flush()
    const { truth } = broker
    const truly = truth.counts()
    const all = truly.distinct + truly.duplicates
    await until(() => {
      const { delivered, duplicates, foreign, damaged } = probe.sample()
      return (
        (delivered[0] ?? 0) + (duplicates[0] ?? 0) + foreign + damaged ===
        all + truth.damaged + truth.unmarked
      )
    })
    const { reading } = probe.read()
    expect(reading).toMatchObject({
      damaged: truth.damaged,
      foreign: truth.unmarked,
      phantom: 0,
      retained: 0,
    })
    expect(reading.health).toMatchObject({ blind: [], reconnects: 0 })
    expect(truly.reordered).toBeGreaterThan(0)
    const seen = new Map(reading.streams.map((one) => [`${one.device}:${one.qos}`, one]))
    for (const stream of truth.streams.values()) {
      const { distinct, duplicates, reordered, maxExtent, corrupted } = countsOf(stream)
      if (distinct === 0) continue
      expect(seen.get(`${stream.device}:${stream.qos}`)).toMatchObject({
        ...{ distinct, duplicates, reordered, maxExtent, corrupt: corrupted, unresolved: 0 },
      })
      const missing = seen
        .get(`${stream.device}:${stream.qos}`)
        ?.holes.reduce((sum, { from, to }) => sum + to - from + 1, 0)
      const max = seen.get(`${stream.device}:${stream.qos}`)?.max ?? -1
      expect(distinct + (missing ?? 0)).toBe(max + 1)
    }
  },
  60_000,
)
