import { setTimeout as sleep } from 'node:timers/promises'
import { LatencyHistogram, loadHistograms } from '../../simulators/metrics/histogram.ts'
import { WHOLE } from '../../simulators/plan/partition.ts'
import type { ShardDown, ShardSample, ShardUp } from '../../simulators/run/messages.ts'
import { machineNowMs } from '../../simulators/run/run-clock.ts'
import { CONNECT_STAGE_MS, profileOf } from './bench-profile.ts'
import type { Counts, Driver, Percentiles, Workload } from './driver.ts'
import { residentBytes } from './proc.ts'
import { WorkerTalk } from './worker-talk.ts'

const QUIESCE_MS = 20_000
/** From start to time zero, so that a loaded machine has the message before its time. */
const LEAD_MS = 100

function countsOf({ fleets }: ShardSample): Counts {
  let messages = 0
  let acked = 0
  for (const fleet of fleets) {
    messages += fleet.sent
    acked += fleet.acked + fleet.sentQos0
  }
  return { messages, acked }
}

function percentilesOf(histogram: LatencyHistogram): Percentiles | null {
  if (histogram.isEmpty) return null
  const { mean, p50, p99, max } = histogram.summary()
  return { mean, p50, p99, max }
}

/** Flotilla's shard, as it ships, in a worker process of its own. */
export async function startFlotilla(workload: Workload): Promise<Driver> {
  await loadHistograms()
  const talk = new WorkerTalk<ShardDown, ShardUp>('shard')
  const connectMs = new LatencyHistogram()
  const ack = new LatencyHistogram()
  const lateness = new LatencyHistogram()
  const merge = (into: LatencyHistogram, bytes: Uint8Array | null | undefined) => {
    if (bytes) into.mergeEncoded(bytes)
  }
  talk.worker.onMessage((message) => {
    if (message.type !== 'sample') return
    merge(connectMs, message.sample.connect[0])
    merge(ack, message.sample.ack[0])
    merge(lateness, message.sample.lateness)
    for (const { kind, text, count } of message.sample.events) {
      process.stderr.write(`  event: ${count} x ${kind}: ${text}\n`)
    }
  })
  // The base that devices are counted from is the process with its code loaded and no device made.
  await sleep(500)
  const baseBytes = residentBytes(talk.pid)
  const facts = { run: 0x5eed, profile: profileOf(workload), baseDir: '.', embeddedPort: null }
  talk.worker.send({ type: 'prepare', facts, share: WHOLE })
  await talk.next('ready')
  const { pid } = talk
  let zeroMs = 0
  let counted = false
  return {
    pid,
    baseBytes,
    connect: async () => {
      zeroMs = machineNowMs() + LEAD_MS
      talk.worker.send({ type: 'start', zeroMs, wallZeroMs: Date.now() + LEAD_MS })
      for (;;) {
        const { sample } = await talk.next('sample')
        if (sample.fleets[0]?.connected === workload.devices) break
        if (sample.t > CONNECT_STAGE_MS)
          throw new Error(`only ${sample.fleets[0]?.connected} devices connected`)
      }
      // All devices ask at time zero: the longest wait is the time for all of them.
      return { ms: connectMs.summary().max }
    },
    go: async () => {
      await sleep(Math.max(0, zeroMs + CONNECT_STAGE_MS - machineNowMs()))
    },
    counts: async () => {
      const { sample } = await talk.next('sample')
      if (!counted) {
        // Latencies are of the measured window, not of the warm-up.
        ack.reset()
        lateness.reset()
      }
      counted = true
      return countsOf(sample)
    },
    finish: async () => {
      const done = talk.next('done')
      talk.worker.send({ type: 'drain', quiesceMs: QUIESCE_MS })
      const { sample } = await done
      const { generated, notSent, sent } = sample.fleets[0] ?? { generated: 0, notSent: 0, sent: 0 }
      if (generated !== notSent + sent)
        throw new Error(`${generated} generated, ${notSent} + ${sent} accounted for`)
      await sleep(200)
      talk.kill()
      return { ...countsOf(sample), ackMs: percentilesOf(ack), latenessMs: percentilesOf(lateness) }
    },
    kill: () => talk.kill(),
  }
}
