import { setTimeout as sleep } from 'node:timers/promises'
import type { BenchBroker, Received } from './broker.ts'
import type { Counts, Finished, StartDriver, Workload } from './driver.ts'
import { cpuOf, residentBytes, totalS } from './proc.ts'

export interface Figures extends Finished {
  connectMs: number
  connectCpuS: number
  /** Resident bytes that the connections added, before the first message. */
  idleBytes: number
  /** Resident bytes at the end of the load. */
  loadedBytes: number
  rateHz: number
  cpuPer100kS: number
  systemPer100kS: number
  brokerCpuPer100kS: number
  /** PUBLISH packets the broker counted, of the whole run of this program. */
  brokerReceived: number
}

export interface Span {
  warmUpMs: number
  measureMs: number
}

/** Messages of one program by the broker's own count. */
async function countedByBroker(
  { qos, devices }: Workload,
  messages: number,
  before: Received,
  broker: BenchBroker,
): Promise<number> {
  // CONNECT and DISCONNECT of each device; at QoS 2 a PUBREL with each PUBLISH. Nobody lives long enough to ping.
  const greetings = 2 * devices
  const packetsEach = qos === 2 ? 2 : 1
  const after = await broker.received(before.packets + greetings + packetsEach * messages)
  if (qos < 2) return after.publishes - before.publishes
  return (after.packets - before.packets - greetings) / packetsEach
}

/** Runs one load program once: connect, warm up, measure a window of steady load from outside, settle, count. */
export async function measure(
  start: StartDriver,
  workload: Workload,
  broker: BenchBroker,
  { warmUpMs, measureMs }: Span,
): Promise<Figures> {
  const receivedBefore = await broker.received(0)
  const driver = await start(workload)
  try {
    const cpuBefore = totalS(cpuOf(driver.pid))
    const { ms: connectMs } = await driver.connect()
    const connectCpuS = totalS(cpuOf(driver.pid)) - cpuBefore
    await sleep(500)
    const idleBytes = residentBytes(driver.pid) - driver.baseBytes
    await driver.go()
    await sleep(warmUpMs)
    const look = async () => {
      const counts: Counts = await driver.counts()
      return { counts, at: performance.now(), cpu: cpuOf(driver.pid), broker: totalS(cpuOf(broker.pid)) }
    }
    const from = await look()
    await sleep(measureMs)
    const to = await look()
    const loadedBytes = residentBytes(driver.pid)
    const finished = await driver.finish()
    const brokerReceived = await countedByBroker(workload, finished.messages, receivedBefore, broker)
    const messages = to.counts.acked - from.counts.acked
    const per100k = (seconds: number) => (messages > 0 ? (seconds / messages) * 100_000 : Number.NaN)
    return {
      ...finished,
      connectMs,
      connectCpuS,
      idleBytes,
      loadedBytes,
      rateHz: (messages / (to.at - from.at)) * 1000,
      cpuPer100kS: per100k(totalS(to.cpu) - totalS(from.cpu)),
      systemPer100kS: per100k(to.cpu.systemS - from.cpu.systemS),
      brokerCpuPer100kS: per100k(to.broker - from.broker),
      brokerReceived,
    }
  } finally {
    driver.kill()
  }
}
