import { createDrain, type DrainSettings } from '../delivery/drain.ts'
import { pause } from './answer.ts'
import { blindReading } from './blind-reading.ts'
import type { ProbeClient, ProbeReading } from './probe-client.ts'
import type { RunRecord } from './run-record.ts'

const STEP_MS = 50
/** A probe that has sent no sample for so long hangs, and what it has seen is out of reach. */
const SILENCE_LIMIT_MS = 15_000

export interface DrainFacts {
  probe: ProbeClient
  settings: DrainSettings
  /** Messages that may still arrive, those that have included. */
  expectedAtMost: number
  record: RunRecord
  /** ms of the run. */
  nowMs: () => number
  /** Settles when nobody wants to wait any more. */
  stopped: Promise<void>
  isStopped: () => boolean
  /** Told how long it will take yet, at the least. */
  remaining: (ms: number) => void
}

export interface Drained {
  probe: ProbeReading
  /** The drain came to its proper end. */
  settled: boolean
}

/** Once the devices are silent: waits for what is late, then takes the probe's reading. */
export async function drainProbe(facts: DrainFacts): Promise<Drained> {
  const { probe, record, nowMs } = facts
  if (probe.death !== null) return blind(`the probe ${probe.death}`)
  const settled = await settle(facts)
  const silentMs = nowMs() - (record.tally.probe?.t ?? 0)
  // A probe that does not even sample will not answer either.
  if (settled === undefined) return blind(`the probe sent nothing for ${Math.round(silentMs / 1_000)} s`)
  try {
    return { probe: await probe.read(), settled }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    record.note('probe', `The probe could not be read: ${why}`)
    return blind('the probe could not be read')
  }
}

/** Whether the drain came to its proper end; undefined when the probe hangs. */
async function settle(facts: DrainFacts): Promise<boolean | undefined> {
  const { probe, settings, expectedAtMost, record, nowMs, stopped, isStopped, remaining } = facts
  const beganMs = nowMs()
  const drain = createDrain({ graceMs: settings.graceMs, quietMs: settings.quietMs })
  // Devices that store and forward, or that had to wait for an acknowledgement, have sent until now.
  drain.begin(beganMs)
  probe.startDrain()
  let settled = false
  while (!isStopped() && probe.death === null) {
    const sample = record.tally.probe
    if (nowMs() - Math.max(beganMs, sample?.t ?? 0) > SILENCE_LIMIT_MS) return undefined
    // An older sample does not know yet what has arrived in the meantime.
    if (sample && sample.t >= beganMs) {
      const step = drain.step({
        nowMs: nowMs(),
        lastArrivalMs: sample.lastArrivalMs,
        expectedAtMost,
        delivered: record.tally.allDelivered(),
        observerHealthy: sample.blindSinceMs === null,
      })
      remaining(step.remainingMs)
      settled = step.settled
      if (step.state === 'verdict') break
    }
    await pause(STEP_MS, stopped)
  }
  return settled
}

function blind(why: string): Drained {
  return { probe: blindReading(why), settled: true }
}
