/**
 * What a fleet costs: Flotilla's shard against a bare MQTT.js driver and plain writers, in turn, on Mosquitto.
 * Parts: paced-0 paced-1 paced-2 saturated-0 saturated-1 connect tls latency
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type BenchBroker, startBenchBroker } from './support/broker.ts'
import { type StartDriver, WORKLOAD, type Workload } from './support/driver.ts'
import { startFlotilla } from './support/flotilla-driver.ts'
import { preparePlainC, startBareMqttJs, startPlainNode } from './support/line-driver.ts'
import { type Figures, measure } from './support/measure.ts'
import { readOptions } from './support/options.ts'
import { BenchReport } from './support/report.ts'
import { interleave, medianOf, medianRatio } from './support/rounds.ts'

const options = readOptions({ rounds: 3, seconds: 5 })
const report = new BenchReport('throughput')
const startPlainC = preparePlainC()
const MEGA = 1024 * 1024

type Results = Map<string, Figures[]>

const FLOTILLA = 'flotilla'
const MQTTJS = 'bare MQTT.js'
const PLAIN_C = 'plain writer, C'
const PLAIN_NODE = 'plain writer, Node'

function wanted(part: string): boolean {
  return options.only.length === 0 || options.only.includes(part)
}

function contestants(...names: string[]): Map<string, StartDriver> {
  const all: [string, StartDriver | undefined][] = [
    [FLOTILLA, startFlotilla],
    [MQTTJS, startBareMqttJs],
    [PLAIN_C, startPlainC],
    [PLAIN_NODE, startPlainNode],
  ]
  return new Map(all.flatMap(([name, start]) => (start && names.includes(name) ? [[name, start]] : [])))
}

async function compare(
  names: string[],
  workload: Partial<Workload>,
  broker: BenchBroker,
  warmUpMs = 2000,
): Promise<Results> {
  const full = { ...WORKLOAD, ...workload, port: broker.port, caFile: broker.caFile }
  const span = { warmUpMs, measureMs: options.measureMs }
  const runs = [...contestants(...names)].map(([name, start]): [string, () => Promise<Figures>] => [
    name,
    async () => {
      const figures = await measure(start, full, broker, span)
      process.stderr.write(
        `  ${name}: ${Math.round(figures.rateHz)}/s, ${figures.cpuPer100kS.toFixed(2)} s/100k\n`,
      )
      await sleep(500)
      return figures
    },
  ])
  return interleave(new Map(runs), options.rounds)
}

function loadRows(results: Results) {
  return [...results].map(([name, figures]) => ({
    program: name,
    'msg/s': medianOf(figures, (one) => one.rateHz),
    'CPU s/100k': medianOf(figures, (one) => one.cpuPer100kS),
    'of it system': medianOf(figures, (one) => one.systemPer100kS),
    'broker s/100k': medianOf(figures, (one) => one.brokerCpuPer100kS),
    'RSS MB': medianOf(figures, (one) => one.loadedBytes) / MEGA,
    messages: figures.at(-1)?.messages ?? 0,
    'broker counted': figures.at(-1)?.brokerReceived ?? 0,
  }))
}

/** Every program's own count must be the broker's, to the message. */
function judgeCounts(part: string, results: Results): void {
  for (const [name, figures] of results) {
    const off = figures.reduce((sum, one) => sum + Math.abs(one.messages - one.brokerReceived), 0)
    report.equals(`${part}, ${name}: messages that differ from the broker's count`, off, 0)
  }
}

const RELATIVE_LIMITS = [
  { mqttjs: 0.85, floor: 1.75 },
  { mqttjs: 0.55, floor: 1.4 },
  { mqttjs: 0.55, floor: undefined },
]

async function paced(qos: 0 | 1 | 2, broker: BenchBroker): Promise<void> {
  const part = `paced-${qos}`
  const names = qos === 2 ? [FLOTILLA, MQTTJS] : [FLOTILLA, MQTTJS, PLAIN_C, PLAIN_NODE]
  const results = await compare(names, { qos }, broker)
  report.table(`1,000 devices x 20 msg/s, QoS ${qos}`, loadRows(results))
  const cpu = (one: Figures) => one.cpuPer100kS
  const own = results.get(FLOTILLA)
  const limits = RELATIVE_LIMITS[qos]
  if (own && limits) {
    report.atMost(`${part}: CPU of bare MQTT.js's`, medianRatio(own, results.get(MQTTJS), cpu), limits.mqttjs)
    if (limits.floor) {
      // The Node writer is the judged floor: it shares sockets and event loop, so the rest is Flotilla's own.
      const floor = medianRatio(own, results.get(PLAIN_NODE), cpu)
      report.atMost(`${part}: CPU of the plain Node writer's`, floor, limits.floor)
      report.note(`${part}: CPU of the plain C writer's`, medianRatio(own, results.get(PLAIN_C), cpu))
    }
  }
  judgeCounts(part, results)
}

async function saturated(qos: 0 | 1, broker: BenchBroker): Promise<void> {
  const part = `saturated-${qos}`
  const results = await compare([FLOTILLA, MQTTJS, PLAIN_C], { qos, totalRateHz: 0 }, broker)
  report.table(`saturated, 1,000 devices, QoS ${qos}`, loadRows(results))
  const rate = (one: Figures) => one.rateHz
  const own = results.get(FLOTILLA)
  if (own && qos === 0)
    report.atLeast(`${part}: rate of bare MQTT.js's`, medianRatio(own, results.get(MQTTJS), rate), 1.15)
  if (own && qos === 1) report.atLeast(`${part}: msg/s`, medianOf(own, rate), 90_000)
  judgeCounts(part, results)
}

function connectRows(results: Results, devices: number) {
  return [...results].map(([name, figures]) => ({
    program: name,
    'connect s': medianOf(figures, (one) => one.connectMs) / 1000,
    'connects/s': (devices * 1000) / medianOf(figures, (one) => one.connectMs),
    'connect CPU s': medianOf(figures, (one) => one.connectCpuS),
    'idle KB/connection': medianOf(figures, (one) => one.idleBytes) / devices / 1024,
    'RSS MB under load': medianOf(figures, (one) => one.loadedBytes) / MEGA,
    'msg/s': medianOf(figures, (one) => one.rateHz),
    'CPU s/100k': medianOf(figures, (one) => one.cpuPer100kS),
  }))
}

async function connecting(broker: BenchBroker): Promise<void> {
  const devices = 10_000
  const results = await compare([FLOTILLA, MQTTJS, PLAIN_C], { devices, qos: 1 }, broker)
  report.table('10,000 devices, then 20,000 msg/s QoS 1', connectRows(results, devices))
  const own = results.get(FLOTILLA)
  if (own) {
    report.atMost('connect: seconds for 10,000', medianOf(own, (one) => one.connectMs) / 1000, 1.4)
    report.atMost(
      'connect: CPU seconds for 10,000',
      medianOf(own, (one) => one.connectCpuS),
      1.2,
    )
    report.atMost(
      'connect: KB per idle connection',
      medianOf(own, (one) => one.idleBytes) / devices / 1024,
      10,
    )
    report.atMost('connect: MB in all under load', medianOf(own, (one) => one.loadedBytes) / MEGA, 170)
  }
  judgeCounts('connect', results)
}

async function connectingTls(): Promise<void> {
  const devices = 2000
  const broker = await startBenchBroker({ tls: true })
  try {
    const results = await compare([FLOTILLA, MQTTJS], { devices, totalRateHz: 10_000 }, broker)
    report.table('2,000 devices over TLS, then 10,000 msg/s QoS 0', connectRows(results, devices))
    const own = results.get(FLOTILLA)
    if (own) {
      report.atMost('tls: KB per connection', medianOf(own, (one) => one.idleBytes) / devices / 1024, 60)
      report.atLeast('tls: connects/s', (devices * 1000) / medianOf(own, (one) => one.connectMs), 1400)
    }
  } finally {
    await broker.stop()
  }
}

async function latency(broker: BenchBroker): Promise<void> {
  const results = await compare([FLOTILLA, MQTTJS], { qos: 1, latency: true }, broker)
  const rows = [...results].map(([name, figures]) => ({
    program: name,
    'ack p50 ms': medianOf(figures, (one) => one.ackMs?.p50 ?? Number.NaN),
    'ack p99 ms': medianOf(figures, (one) => one.ackMs?.p99 ?? Number.NaN),
    'ack max ms': medianOf(figures, (one) => one.ackMs?.max ?? Number.NaN),
    'lateness mean ms': medianOf(figures, (one) => one.latenessMs?.mean ?? Number.NaN),
    'lateness p99 ms': medianOf(figures, (one) => one.latenessMs?.p99 ?? Number.NaN),
  }))
  report.table('20,000 msg/s QoS 1: round trip and send accuracy', rows)
  const own = rows.find(({ program }) => program === FLOTILLA)
  if (!own) return
  report.atMost('latency: mean lateness ms', own['lateness mean ms'], 1.5)
  report.atMost('latency: p99 lateness ms', own['lateness p99 ms'], 5)
  report.atMost('latency: QoS 1 round trip p50 ms', own['ack p50 ms'], 0.7)
  report.atMost('latency: QoS 1 round trip p99 ms', own['ack p99 ms'], 2.5)
}

const plain = await startBenchBroker()
try {
  for (const qos of [0, 1, 2] as const) if (wanted(`paced-${qos}`)) await paced(qos, plain)
  for (const qos of [0, 1] as const) if (wanted(`saturated-${qos}`)) await saturated(qos, plain)
  if (wanted('latency')) await latency(plain)
  if (wanted('connect')) await connecting(plain)
} finally {
  await plain.stop()
}
if (wanted('tls')) await connectingTls()
report.close(options.strict)
