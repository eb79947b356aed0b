import { ObserverLedger } from '../../simulators/delivery/observer-ledger.ts'
import { StreamRecorder } from '../../simulators/delivery/stream-recorder.ts'
import { streamSpaceOf } from '../../simulators/delivery/stream-space.ts'
import type { BlindSpan, ObserverReading, StreamBook } from '../../simulators/delivery/types.ts'
import type { Profile, QoS } from '../../simulators/profile/profile.ts'
import { seeded } from '../support/seeded.ts'

/** How a made-up history goes; shares are probabilities per message. */
export interface HistoryPlan {
  seed: number
  /** The broker acknowledges these and drops them for no reason. */
  drop: number
  /** It repeats these. */
  repeat: number
  /** It delivers these after their successors. */
  reorder: number
  /** It refuses these with a reason code. */
  refuse: number
  /** It delivers refused ones all the same. */
  deliverRefused: boolean
  /** Devices never hear of these again. */
  doubt: number
  /** Devices never send these. */
  withhold: number
  /** When the probe cannot see, ms; each with what becomes of the session. */
  breaks: { fromMs: number; lengthMs: number; isKept: boolean }[]
}

export interface History {
  books: StreamBook[]
  reading: ObserverReading
  /** Ids of messages that were acknowledged (QoS 0: sent) and that nothing but the broker made away with. */
  dropped: Set<string>
  /** Number of sins that are violations whoever sees them. */
  seenSins: { copies: number; reordered: number; abortedReads: number }
}

const STEP_MS = 50
const MESSAGES = 40
/** The way through the broker. */
const DELAY_MS = 7
/** A broker takes its time over what it kept. */
const BACKLOG_PACE_MS = 150
/** The queue of the broker may still be full for a moment after a break. */
const FULL_FOR_MS = 900

interface Arrival {
  tMs: number
  seq: number
  sentMs: number
}

/** Plays devices, broker and probe on paper: what each of them would remember, and what was really done. */
export function playHistory(profile: Profile, plan: HistoryPlan): History {
  const chance = seeded(plan.seed)
  const does = (share: number) => chance() < share
  const space = streamSpaceOf(profile)
  const ledger = new ObserverLedger(space)
  const books: StreamBook[] = []
  const dropped = new Set<string>()
  const seenSins = { copies: 0, reordered: 0, abortedReads: 0 }
  const blind = plan.breaks.map(
    ({ fromMs, lengthMs }): BlindSpan => ({ fromMs, toMs: fromMs + lengthMs, why: 'connection lost' }),
  )
  const breakAt = (tMs: number) =>
    plan.breaks.find(({ fromMs, lengthMs }) => tMs >= fromMs && tMs <= fromMs + lengthMs)

  let device = 0
  for (const fleet of profile.fleets)
    for (let index = 0; index < fleet.count; index += 1, device += 1)
      fleet.publish.forEach(({ qos }, publish) => {
        const level: QoS = typeof qos === 'number' ? qos : 0
        const id = { device, publish, qos: level, epoch: 0 }
        const recorder = new StreamRecorder(id)
        const arrivals: Arrival[] = []
        /** Nothing overtakes what the broker kept over a break. */
        let notBeforeMs = 0
        /** Hands a message to the probe; whether it arrives. */
        const pass = (seq: number, sentMs: number, laterMs = 0): boolean => {
          const atMs = sentMs + DELAY_MS + laterMs
          const inBreak = breakAt(atMs)
          if (inBreak && (level === 0 || !inBreak.isKept)) return false
          const isFull = plan.breaks.some(
            ({ fromMs, lengthMs }) => atMs >= fromMs && atMs <= fromMs + lengthMs + FULL_FOR_MS,
          )
          // The broker keeps only so many: who was away has himself to blame.
          if (isFull && does(0.2)) return false
          const tMs = inBreak
            ? Math.max(inBreak.fromMs + inBreak.lengthMs, notBeforeMs) + BACKLOG_PACE_MS
            : atMs
          notBeforeMs = laterMs > 0 ? notBeforeMs : Math.max(notBeforeMs, tMs)
          arrivals.push({ tMs: laterMs > 0 ? tMs : notBeforeMs, seq, sentMs })
          return true
        }
        for (let seq = 0; seq < MESSAGES; seq += 1) {
          recorder.generate()
          const sentMs = seq * STEP_MS + device
          if (does(plan.withhold)) {
            recorder.notSent(seq, 'offline')
            continue
          }
          if (level > 0 && does(plan.refuse)) {
            recorder.rejected(seq, 0x97)
            if (plan.deliverRefused && pass(seq, sentMs)) seenSins.abortedReads += 1
            continue
          }
          const isInDoubt = level > 0 && does(plan.doubt)
          if (isInDoubt) recorder.inDoubt(seq, 'unacknowledged')
          if (does(plan.drop)) {
            if (!isInDoubt) dropped.add(`${device}:${publish}:${level}:0:${seq}`)
            continue
          }
          const isLate = does(plan.reorder)
          const arrives = pass(seq, sentMs, isLate ? 3 * STEP_MS : 0)
          if (arrives && does(plan.repeat) && pass(seq, sentMs)) seenSins.copies += 1
        }
        arrivals.sort((one, other) => one.tMs - other.tMs || one.seq - other.seq)
        let highest = -1
        const seen = new Set<number>()
        for (const { tMs, seq, sentMs } of arrivals) {
          if (!seen.has(seq) && seq < highest) seenSins.reordered += 1
          seen.add(seq)
          highest = Math.max(highest, seq)
          ledger.see({ ...id, seq }, tMs, 0, true, sentMs)
        }
        books.push(recorder.book())
      })
  const health = {
    ...{ connections: 1, reconnects: blind.length, blind, eventLoopDelayP99Ms: 1, cpu: 0.1 },
    ...{ overloaded: false, grantedQos: 2 as const },
  }
  const reading = { ...ledger.reading(), foreign: 0, damaged: 0, retained: 0, health }
  return { books, reading, dropped, seenSins }
}
