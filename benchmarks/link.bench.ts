/** What emulated links cost: time per message, memory per link, and how fast virtual time can pass. No sockets. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Cell } from '../simulators/link/cell.ts'
import { Link } from '../simulators/link/link.ts'
import { linkOfSettings } from '../simulators/link/link-of.ts'
import type { LinkPipe, PipeEnds } from '../simulators/link/link-pipe.ts'
import { entryOf, spreadModel } from '../simulators/link/mix.ts'
import type { LaneModel, LinkModel } from '../simulators/link/model.ts'
import { presetOf } from '../simulators/link/presets.ts'
import { type Timed, Wheel } from '../simulators/link/wheel.ts'
import { createRandom } from '../simulators/plan/random.ts'
import { linkSchema } from '../simulators/profile/schema/link.ts'
import { readOptions } from './support/options.ts'
import { BenchReport } from './support/report.ts'
import { interleave, medianOf } from './support/rounds.ts'

const MESSAGE = Buffer.alloc(200)
const TOTAL_HZ = 10_000
/** How often a shard advances its wheel when it is busy. */
const ADVANCE_MS = 0.5

let releasedBytes = 0
const ENDS: PipeEnds = {
  released: (_, bytes) => {
    releasedBytes += bytes.length
  },
  drained: () => {},
  finished: () => {},
  opened: () => {},
  reset: () => {},
  abandoned: () => {},
}

/** Rates of 32 to 128 kbit/s and delays of 50 to 70 ms, all different, as the prototype of the models was measured. */
function modelOf(device: number, lane: Partial<LaneModel>): LinkModel {
  const random = createRandom(1, device)
  const base = presetOf('lte-m').model
  const vary = (one: LaneModel): LaneModel => ({
    ...one,
    rateBitS: random.uniform(32_000, 128_000),
    delayMs: random.uniform(50, 70),
    jitterMs: 0,
    ...lane,
  })
  return { ...base, halfDuplex: false, up: vary(base.up), down: vary(base.down) }
}

interface Fleet {
  wheel: Wheel
  pipes: LinkPipe[]
}

function connect(count: number, model: (device: number) => LinkModel, hasCell = false): Fleet {
  const wheel = new Wheel()
  const cell = hasCell ? new Cell(wheel, { upBitS: 50e6, downBitS: 50e6 }) : undefined
  const pipes: LinkPipe[] = []
  for (let device = 0; device < count; device += 1)
    pipes.push(new Link(wheel, { model: model(device), seed: 1, device, cell }).connect(ENDS, 0))
  wheel.advance(5_000)
  return { wheel, pipes }
}

interface Cost {
  /** Share of a core at 10,000 messages a second. */
  core: number
  nsPerMessage: number
}

/** Sends 10,000 messages a second for some seconds of virtual time, and takes the real time of it. */
function measureCost({ wheel, pipes }: Fleet, seconds: number): Cost {
  const startMs = wheel.nowMs
  const perAdvance = (TOTAL_HZ * ADVANCE_MS) / 1_000
  const messages = TOTAL_HZ * seconds
  releasedBytes = 0
  const start = process.hrtime.bigint()
  for (let sent = 0, nowMs = startMs; sent < messages; nowMs += ADVANCE_MS) {
    wheel.advance(nowMs)
    for (let left = perAdvance; left > 0; left -= 1, sent += 1)
      pipes[sent % pipes.length]?.send('up', MESSAGE, nowMs)
  }
  const ns = Number(process.hrtime.bigint() - start)
  wheel.advance(wheel.nowMs + 600_000)
  if (releasedBytes !== messages * MESSAGE.length) throw new Error(`${releasedBytes} bytes came out`)
  return { core: ns / (seconds * 1e9), nsPerMessage: ns / messages }
}

const collectGarbage = (() => {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  return () => {
    if (typeof collect === 'function') collect()
  }
})()

function bytesInUse(): number {
  collectGarbage()
  collectGarbage()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

function measureBytes(model: (device: number) => LinkModel): { bytesPerLink: number; bytesInFlight: number } {
  const count = 10_000
  const models = Array.from({ length: count }, (_, device) => model(device))
  const before = bytesInUse()
  const fleet = connect(count, (device) => models[device] ?? model(device))
  const idle = bytesInUse()
  for (const pipe of fleet.pipes) {
    for (let sent = 0; sent < 5; sent += 1) pipe.send('up', MESSAGE, fleet.wheel.nowMs)
    pipe.send('down', MESSAGE, fleet.wheel.nowMs)
  }
  const busy = bytesInUse()
  fleet.wheel.advance(fleet.wheel.nowMs + 600_000)
  return { bytesPerLink: (idle - before) / count, bytesInFlight: (busy - before) / count }
}

/** 1,000 links that send every ten seconds through a day of a working fleet: how many times faster than real time. */
function measureVirtualTime(): number {
  const settings = linkSchema.parse([
    { use: 'lte-m', weight: 70, spread: '10%' },
    { use: 'nb-iot', weight: 30, spread: '10%' },
  ])
  const models = settings.map(linkOfSettings)
  const weights = settings.map(({ weight }) => weight)
  const model = (device: number): LinkModel => {
    const chosen = models[entryOf(weights, device)] ?? presetOf('lte-m').model
    return spreadModel(chosen, 0.1, createRandom(1, device))
  }
  const { wheel, pipes } = connect(1_000, model)
  const hours = 1
  const startMs = wheel.nowMs
  const start = process.hrtime.bigint()
  for (let nowMs = startMs; nowMs < startMs + hours * 3_600_000; nowMs += 10) {
    wheel.advance(nowMs)
    pipes[(nowMs / 10) % 1_000]?.send('up', MESSAGE, nowMs)
  }
  return (hours * 3.6e12) / Number(process.hrtime.bigint() - start)
}

function measureWheel(): number {
  const wheel = new Wheel()
  const again: Timed = { due: (dueMs, node) => wheel.set(node, dueMs + 50) }
  for (let node = 0; node < 20_000; node += 1) wheel.set(wheel.add(again), node / 400)
  wheel.advance(100)
  const start = process.hrtime.bigint()
  for (let nowMs = 100; nowMs < 2_600; nowMs += ADVANCE_MS) wheel.advance(nowMs)
  return Number(process.hrtime.bigint() - start) / (20_000 * 50)
}

const LOSS = { share: 0.01 }
const CASES = new Map<string, { count: number; lane: Partial<LaneModel>; hasCell?: boolean }>([
  ['1,000 links', { count: 1_000, lane: {} }],
  ['10,000 links', { count: 10_000, lane: {} }],
  ['10,000 links, jitter', { count: 10_000, lane: { jitterMs: 10 } }],
  ['10,000 links in a cell', { count: 10_000, lane: {}, hasCell: true }],
  ['1,000 links, 1 % loss', { count: 1_000, lane: { loss: LOSS } }],
  ['10,000 links, 1 % loss', { count: 10_000, lane: { loss: LOSS } }],
])

/** Measures and prints what links cost; with --strict a missed limit fails the program. */
export async function main(): Promise<void> {
  const { rounds, measureMs, strict } = readOptions({ rounds: 3, seconds: 10 })
  const report = new BenchReport('link')
  const contestants = [...CASES].map(([name, { count, lane, hasCell }]): [string, () => Promise<Cost>] => [
    name,
    async () =>
      measureCost(
        connect(count, (device) => modelOf(device, lane), hasCell),
        measureMs / 1_000,
      ),
  ])
  const results = await interleave(new Map(contestants), rounds)
  const coreOf = (name: string) => medianOf(results.get(name), ({ core }) => core)
  report.table(
    `${TOTAL_HZ.toLocaleString('en')} messages a second of ${MESSAGE.length} bytes`,
    [...results].map(([name, costs]) => ({
      case: name,
      'core %': coreOf(name) * 100,
      'ns per message': medianOf(costs, ({ nsPerMessage }) => nsPerMessage),
    })),
  )
  for (const name of ['1,000 links', '10,000 links'])
    report.atMost(`${name} at 10,000 msg/s: share of a core`, coreOf(name), 0.1)

  const plain = measureBytes((device) => modelOf(device, {}))
  const lossy = measureBytes((device) => modelOf(device, { loss: LOSS }))
  report.table('memory per link, connected', [
    { case: 'idle', bytes: plain.bytesPerLink },
    { case: 'six messages under way', bytes: plain.bytesInFlight },
    { case: 'idle, with loss', bytes: lossy.bytesPerLink },
    { case: 'six messages under way, with loss', bytes: lossy.bytesInFlight },
  ])
  report.atMost('bytes per link, six messages under way', plain.bytesInFlight, 4_096)
  report.note('wheel: ns to set a time and reach it, 20,000 outstanding', measureWheel())
  report.note('virtual time: times faster than real time, 1,000 links', measureVirtualTime())
  report.close(strict)
}

await main()
