/** What the ledger costs per event and per stream, beside the simplest bookkeeping that could do: a Map of highest numbers. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { ObserverLedger } from '../simulators/delivery/observer-ledger.ts'
import { StreamSpace } from '../simulators/delivery/stream-space.ts'
import { readOptions } from './support/options.ts'
import { BenchReport } from './support/report.ts'
import { interleave, median } from './support/rounds.ts'

const { rounds, strict } = readOptions({ rounds: 5, seconds: 1 })
const report = new BenchReport('ledger')
const STREAMS = 1000
const PER_STREAM = 5000
const MANY_STREAMS = 500_000

// Only a collected heap says what streams weigh.
setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

const createLedger = (devices: number) =>
  new ObserverLedger(new StreamSpace([{ devices, publishes: [{ qos: [1], limit: 2 ** 31 - 1 }] }]))

function rateOf(see: (device: number, seq: number) => void): number {
  const startMs = performance.now()
  for (let seq = 0; seq < PER_STREAM; seq += 1) {
    for (let device = 0; device < STREAMS; device += 1) see(device, seq)
  }
  return (STREAMS * PER_STREAM * 1000) / (performance.now() - startMs)
}

async function ledgerRate(): Promise<number> {
  const ledger = createLedger(STREAMS)
  // One object for all, as the probe reuses the one its marker reader fills.
  const message = { device: 0, publish: 0, qos: 1 as const, epoch: 0, seq: 0 }
  const rate = rateOf((device, seq) => {
    message.device = device
    message.seq = seq
    ledger.see(message, seq, 0, true)
  })
  if (ledger.fleets[0]?.delivered !== STREAMS * PER_STREAM) throw new Error('the ledger lost count')
  return rate
}

async function mapRate(): Promise<number> {
  const highest = new Map<string, number>()
  const names = Array.from({ length: STREAMS }, (_, device) => `run:${device}:0:1:0`)
  return rateOf((device, seq) => {
    const name = names[device] ?? ''
    if ((highest.get(name) ?? -1) === seq - 1) highest.set(name, seq)
  })
}

function bytesPerStream(): number {
  const weigh = () => {
    collectGarbage()
    const { heapUsed, external } = process.memoryUsage()
    return heapUsed + external
  }
  const ledger = createLedger(MANY_STREAMS)
  const before = weigh()
  for (let seq = 0; seq < 3; seq += 1) {
    for (let device = 0; device < MANY_STREAMS; device += 1) {
      ledger.see({ device, publish: 0, qos: 1, epoch: 0, seq }, seq, 0, true)
    }
  }
  const bytes = (weigh() - before) / MANY_STREAMS
  if (ledger.fleets[0]?.delivered !== 3 * MANY_STREAMS) throw new Error('the ledger lost count')
  return bytes
}

const results = await interleave(
  new Map([
    ['ledger', ledgerRate],
    ['Map of highest numbers', mapRate],
  ]),
  rounds,
)
const rows = [...results].map(([name, rates]) => ({ program: name, 'million events/s': median(rates) / 1e6 }))
report.table(`events in order over ${STREAMS.toLocaleString('en')} streams`, rows)
report.atLeast('ledger: million events/s in order', median(results.get('ledger') ?? []) / 1e6, 10)
report.atMost('ledger: bytes per stream without loss', bytesPerStream(), 200)
report.close(strict)
