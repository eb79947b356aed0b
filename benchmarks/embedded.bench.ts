/** What a first run feels like: 50 devices at 2 msg/s through the command line, on the embedded broker and on Mosquitto. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startBenchBroker } from './support/broker.ts'
import { readOptions } from './support/options.ts'
import { BenchReport } from './support/report.ts'
import { interleave, medianOf } from './support/rounds.ts'

const CLI = 'dist/cli.js'
const { rounds, measureMs, strict } = readOptions({ rounds: 3, seconds: 10 })
const report = new BenchReport('embedded')
const folder = mkdtempSync(join(tmpdir(), 'flotilla-bench-'))
const broker = await startBenchBroker()

interface RunFigures {
  verdict: string
  p50: number
  p99: number
  max: number
  expected: number
  delivered: number
}

async function run(name: string, url: string | undefined): Promise<RunFigures> {
  const file = join(folder, `${name}.flotilla.json`)
  const profile = {
    version: 1,
    ...(url ? { broker: { url } } : {}),
    fleets: [{ count: 50, publish: [{ topic: 't/{{device}}', qos: 1, rate: '2/s' }] }],
    stages: [{ for: `${measureMs}ms` }],
    drain: { grace: '2s', quiet: '1s' },
  }
  writeFileSync(file, JSON.stringify(profile))
  const child = spawn(process.execPath, [CLI, 'run', file, '--json'], { stdio: ['ignore', 'pipe', 'pipe'] })
  let out = ''
  let errors = ''
  child.stdout.on('data', (chunk) => {
    out += String(chunk)
  })
  child.stderr.on('data', (chunk) => {
    errors += String(chunk)
  })
  await once(child, 'close')
  if (!out) throw new Error(`the run wrote no report: ${errors}`)
  const { verdict, latency, observers } = JSON.parse(out)
  const { p50, p99, max } = latency.e2eFromIntended
  const { expected, delivered } = observers.mqtt
  return { verdict, p50, p99, max, expected, delivered }
}

try {
  const results = await interleave(
    new Map([
      ['embedded broker', () => run('embedded', undefined)],
      ['Mosquitto', () => run('mosquitto', `mqtt://127.0.0.1:${broker.port}`)],
    ]),
    rounds,
  )
  const rows = [...results].map(([name, figures]) => ({
    broker: name,
    verdicts: figures.map(({ verdict }) => verdict).join(' '),
    'e2e p50 ms': medianOf(figures, (one) => one.p50),
    'e2e p99 ms': medianOf(figures, (one) => one.p99),
    'e2e max ms': medianOf(figures, (one) => one.max),
    expected: figures.reduce((sum, one) => sum + one.expected, 0),
    delivered: figures.reduce((sum, one) => sum + one.delivered, 0),
  }))
  report.table('50 devices x 2 msg/s, QoS 1, whole runs of the command line', rows)
  const own = results.get('embedded broker') ?? []
  report.atMost(
    'embedded: p50 end to end, ms',
    medianOf(own, (one) => one.p50),
    2,
  )
  report.equals(
    'embedded: runs without the verdict pass',
    own.filter((one) => one.verdict !== 'pass').length,
    0,
  )
} finally {
  await broker.stop()
  rmSync(folder, { recursive: true, force: true })
}
report.close(strict)
