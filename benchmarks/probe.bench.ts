/** What the probe costs and whether it misses anything: a flood of marked messages through Mosquitto. */
import { startBenchBroker } from './support/broker.ts'
import { readOptions } from './support/options.ts'
import { runBareSubscriber, runProbe, type SubscriberFigures } from './support/probe-run.ts'
import { BenchReport } from './support/report.ts'
import { interleave, medianOf } from './support/rounds.ts'

const RATE_HZ = 50_000
const { rounds, measureMs, strict } = readOptions({ rounds: 3, seconds: 5 })
const report = new BenchReport('probe')
const broker = await startBenchBroker()

try {
  const results = await interleave(
    new Map([
      ['probe', () => runProbe(broker, RATE_HZ, measureMs)],
      ['bare MQTT.js subscriber', () => runBareSubscriber(broker, RATE_HZ, measureMs)],
    ]),
    rounds,
  )
  const rows = [...results].map(([name, figures]) => {
    const of = (figure: (one: SubscriberFigures) => number) => medianOf(figures, figure)
    return {
      program: name,
      'msg/s': of((one) => one.rateHz),
      'cores used': of((one) => one.cpu),
      'broker cores': of((one) => one.brokerCpu),
      'RSS MB': of((one) => one.residentMb),
      sent: figures.reduce((sum, one) => sum + one.sent, 0),
      delivered: figures.reduce((sum, one) => sum + one.delivered, 0),
      'e2e p50 ms': of((one) => one.e2eP50Ms),
      'e2e p99 ms': of((one) => one.e2eP99Ms),
    }
  })
  report.table(`${RATE_HZ.toLocaleString('en')} msg/s, 256 B, QoS 0, 100 devices`, rows)
  const probe = results.get('probe') ?? []
  report.atMost(
    'probe: cores used',
    medianOf(probe, (one) => one.cpu),
    0.3,
  )
  const sum = (figure: (one: SubscriberFigures) => number) => probe.reduce((all, one) => all + figure(one), 0)
  report.equals(
    'probe: messages lost',
    sum((one) => one.sent - one.delivered),
    0,
  )
  report.equals(
    'probe: duplicates, reorderings, corruptions and strangers invented',
    sum((one) => one.troubles),
    0,
  )
} finally {
  await broker.stop()
}
report.close(strict)
