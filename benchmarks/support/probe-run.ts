import { setTimeout as sleep } from 'node:timers/promises'
import { LatencyHistogram, loadHistograms } from '../../simulators/metrics/histogram.ts'
import type { ProbeDown, ProbeUp } from '../../simulators/run/messages.ts'
import { machineNowMs } from '../../simulators/run/run-clock.ts'
import { benchProfile } from './bench-profile.ts'
import type { BenchBroker } from './broker.ts'
import { type FloodWorkload, WORKLOAD } from './driver.ts'
import { startBareSubscriber, startMarkerFlood } from './line-driver.ts'
import { cpuOf, residentBytes, totalS } from './proc.ts'
import { WorkerTalk } from './worker-talk.ts'

const RUN = 0x5eed
const FLOOD_DEVICES = 100
const LATENCY_LIMIT_MS = 10_000

export interface SubscriberFigures {
  sent: number
  delivered: number
  rateHz: number
  /** Share of one core. */
  cpu: number
  brokerCpu: number
  residentMb: number
  /** Everything that is not "delivered once, in order, whole"; not known to the bare subscriber. */
  troubles: number
  e2eP50Ms: number
  e2eP99Ms: number
}

function floodOf(broker: BenchBroker, totalRateHz: number, zeroMs: number): FloodWorkload {
  return { ...WORKLOAD, port: broker.port, devices: FLOOD_DEVICES, totalRateHz, run: RUN, zeroMs }
}

/** Floods while `pid` subscribes, and measures a window of it from outside. */
async function flood(
  facts: { broker: BenchBroker; rateHz: number; zeroMs: number; measureMs: number },
  pid: number,
): Promise<{ sent: number; rateHz: number; cpu: number; brokerCpu: number; residentMb: number }> {
  const driver = await startMarkerFlood(floodOf(facts.broker, facts.rateHz, facts.zeroMs))
  try {
    await driver.connect()
    await driver.go()
    await sleep(2000)
    const look = async () => {
      const { messages } = await driver.counts()
      return {
        messages,
        at: performance.now(),
        cpu: totalS(cpuOf(pid)),
        broker: totalS(cpuOf(facts.broker.pid)),
      }
    }
    const from = await look()
    await sleep(facts.measureMs)
    const to = await look()
    const seconds = (to.at - from.at) / 1000
    const { messages: sent } = await driver.finish()
    return {
      sent,
      rateHz: (to.messages - from.messages) / seconds,
      cpu: (to.cpu - from.cpu) / seconds,
      brokerCpu: (to.broker - from.broker) / seconds,
      residentMb: residentBytes(pid) / 1024 / 1024,
    }
  } finally {
    driver.kill()
  }
}

/** The probe, as it ships, in a worker process of its own. */
export async function runProbe(
  broker: BenchBroker,
  rateHz: number,
  measureMs: number,
): Promise<SubscriberFigures> {
  await loadHistograms()
  const profile = benchProfile({
    version: 1,
    broker: { url: `mqtt://127.0.0.1:${broker.port}`, protocol: '3.1.1' },
    fleets: [
      {
        name: 'flood',
        count: FLOOD_DEVICES,
        publish: [{ topic: 'bench/{{index}}', rate: `${rateHz / FLOOD_DEVICES}/s`, qos: 0 }],
      },
    ],
  })
  const talk = new WorkerTalk<ProbeDown, ProbeUp>('probe')
  try {
    talk.worker.send({ type: 'subscribe', facts: { run: RUN, profile, baseDir: '.', embeddedPort: null } })
    await talk.next('subscribed')
    const zeroMs = machineNowMs()
    talk.worker.send({ type: 'run-started', zeroMs, warmUps: [] })
    const load = await flood({ broker, rateHz, zeroMs, measureMs }, talk.pid)
    const deadline = performance.now() + LATENCY_LIMIT_MS
    for (let seen = 0; seen < load.sent && performance.now() < deadline; ) {
      seen = (await talk.next('sample')).sample.delivered[0] ?? 0
    }
    talk.worker.send({ type: 'read' })
    const { reading, latency } = await talk.next('reading')
    const total = (of: (stream: (typeof reading.streams)[number]) => number) =>
      reading.streams.reduce((sum, stream) => sum + of(stream), 0)
    const e2e = latency[0] ? LatencyHistogram.decode(latency[0].fromIntended).summary() : undefined
    return {
      ...load,
      delivered: total((stream) => stream.distinct),
      troubles:
        total((stream) => stream.duplicates + stream.reordered + stream.corrupt + stream.holes.length) +
        reading.foreign +
        reading.damaged,
      e2eP50Ms: e2e?.p50 ?? Number.NaN,
      e2eP99Ms: e2e?.p99 ?? Number.NaN,
    }
  } finally {
    talk.kill()
  }
}

/** A bare MQTT.js subscriber under the same flood. */
export async function runBareSubscriber(
  broker: BenchBroker,
  rateHz: number,
  measureMs: number,
): Promise<SubscriberFigures> {
  const zeroMs = machineNowMs()
  const subscriber = await startBareSubscriber(floodOf(broker, rateHz, zeroMs))
  try {
    await subscriber.connect()
    const load = await flood({ broker, rateHz, zeroMs, measureMs }, subscriber.pid)
    await sleep(1000)
    const { messages: delivered } = await subscriber.finish()
    return { ...load, delivered, troubles: Number.NaN, e2eP50Ms: Number.NaN, e2eP99Ms: Number.NaN }
  } finally {
    subscriber.kill()
  }
}
