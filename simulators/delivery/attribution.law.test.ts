import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { QoS } from '../profile/profile.ts'
import { attribute } from './attribution.ts'
import type { Fate } from './evidence.ts'
import { ObserverLedger } from './observer-ledger.ts'
import { StreamLedger } from './stream-ledger.ts'
import { StreamRecorder } from './stream-recorder.ts'
import { StreamSpace } from './stream-space.ts'
import type { BlindSpan, DeliveryCounts, ObservedStream, ObserverHealth, StreamBook } from './types.ts'

const space = new StreamSpace([{ devices: 1, publishes: [{ qos: [0, 1, 2], limit: 1_000 }] }])
/** Time from arrival to arrival, and what a break costs beyond its end. */
const STEP_MS = 500
const RECOVERY_MS = 1_000
const PROMISED: Fate[] = ['acked', 'sent']

const end = fc.constantFrom<Fate>('acked', 'acked', 'acked', 'in-doubt', 'rejected', 'not-sent')
const blindSpan = fc
  .tuple(fc.integer({ min: -2_000, max: 20_000 }), fc.nat(3_000))
  .map(([fromMs, length]): BlindSpan => ({ fromMs, toMs: fromMs + length, why: 'test' }))

function bookOf(qos: QoS, ends: readonly Fate[]): StreamBook {
  const recorder = new StreamRecorder({ device: 0, publish: 0, qos, epoch: 0 })
  for (const _ of ends) recorder.generate()
  ends.forEach((fate, seq) => {
    if (fate === 'not-sent') recorder.notSent(seq, 'offline')
    else if (fate === 'rejected') recorder.rejected(seq, 0x97)
    else if (fate === 'in-doubt') recorder.inDoubt(seq, 'session-lost')
  })
  return recorder.book()
}

function healthOf(blind: BlindSpan[]): ObserverHealth {
  const calm = { connections: 1, reconnects: 0, eventLoopDelayP99Ms: 0, cpu: 0, overloaded: false }
  return { ...calm, blind, grantedQos: 2 }
}

function judge(book: StreamBook, streams: ObservedStream[], blind: BlindSpan[] = []) {
  const reading = {
    streams,
    phantom: 0,
    examples: [],
    foreign: 0,
    damaged: 0,
    retained: 0,
    health: healthOf(blind),
  }
  const { ids, total } = attribute({ space, books: [book], reading, settled: true, lostDevices: null })
  if (total.counts === null) throw new Error('a probe was there')
  return { ids, counts: total.counts, attribution: total.attribution }
}

function observe(qos: QoS, arrivals: readonly { seq: number; tMs: number }[]): ObservedStream[] {
  const ledger = new ObserverLedger(space)
  for (const { seq, tMs } of arrivals) ledger.see({ device: 0, publish: 0, qos, epoch: 0, seq }, tMs, 0, true)
  return ledger.reading().streams
}

function expectBalance(counts: DeliveryCounts): void {
  expect(counts.delivered + counts.missing).toBe(counts.expected)
  expect(counts.lost + counts.unconfirmed + counts.inconclusive).toBe(counts.missing)
}

/** Message by message, with sets: the definitions by the letter. */
function bruteForce(ends: readonly Fate[], numbers: readonly number[], blind: readonly BlindSpan[]) {
  const truth = {
    expected: 0,
    delivered: 0,
    lost: 0,
    unconfirmed: 0,
    inconclusive: 0,
    phantom: 0,
    abortedReads: 0,
  }
  const seen = new Set(numbers)
  for (const seq of seen) if (seq >= ends.length || ends[seq] === 'not-sent') truth.phantom++
  ends.forEach((fate, seq) => {
    if (fate === 'rejected' && seen.has(seq)) truth.abortedReads++
    if (fate === 'rejected' || fate === 'not-sent') return
    truth.expected++
    if (seen.has(seq)) truth.delivered++
    else if (!PROMISED.includes(fate)) truth.unconfirmed++
    else if (seen.size === 0 || mayHavePassedUnseen(seq, numbers, blind)) truth.inconclusive++
    else truth.lost++
  })
  return truth
}

/** In order, `seq` would have passed after the highest arrival before its first successor, and before that successor. */
function mayHavePassedUnseen(seq: number, numbers: readonly number[], blind: readonly BlindSpan[]): boolean {
  const successor = numbers.findIndex((number) => number > seq)
  const before = successor < 0 ? numbers : numbers.slice(0, successor)
  const fromMs =
    before.length === 0 ? (successor < 0 ? -Infinity : 0) : numbers.indexOf(Math.max(...before)) * STEP_MS
  const toMs = successor < 0 ? Infinity : successor * STEP_MS
  return blind.some((span) => span.fromMs <= toMs && span.toMs + RECOVERY_MS >= fromMs)
}

it('agrees with sets, message by message, in 3,000 random histories, and its totals balance', () => {
  const qos = fc.constantFrom<QoS>(0, 1, 2)
  const ends = fc.array(end, { maxLength: 30 })
  const numbers = fc.array(fc.nat(33), { maxLength: 40 })
  const blind = fc.array(blindSpan, { maxLength: 2 })
  fc.assert(
    fc.property(qos, ends, numbers, blind, (qos, drawn, numbers, blind) => {
      const ends = drawn.map((fate): Fate => (qos > 0 ? fate : fate === 'not-sent' ? fate : 'sent'))
      const arrivals = numbers.map((seq, at) => ({ seq, tMs: at * STEP_MS }))
      const { counts, attribution } = judge(bookOf(qos, ends), observe(qos, arrivals), blind)
      expect(counts).toMatchObject(bruteForce(ends, numbers, blind))
      expect(counts.duplicates).toBe(numbers.length - new Set(numbers).size)
      expectBalance(counts)
      expect(Object.values(attribution).reduce((sum, count) => sum + count, 0)).toBe(ends.length)
    }),
    { numRuns: 3_000 },
  )
})

it('never calls a message lost that an orderly broker delivered while the probe was blind', () => {
  const dropped = fc.array(
    fc.boolean().map((kept) => !kept),
    { minLength: 1, maxLength: 40 },
  )
  fc.assert(
    fc.property(dropped, fc.array(blindSpan, { maxLength: 3 }), (dropped, blind) => {
      const delivered = dropped
        .map((gone, seq) => ({ gone, seq, tMs: (seq + 0.5) * STEP_MS }))
        .filter(({ gone }) => !gone)
      const arrivals = delivered.filter(
        ({ tMs }) => !blind.some((span) => span.fromMs <= tMs && span.toMs >= tMs),
      )
      const book = bookOf(
        1,
        Array.from(dropped, (): Fate => 'acked'),
      )
      const { counts, ids } = judge(book, observe(1, arrivals), blind)
      for (const id of ids['vanished-in-broker']) expect(dropped[Number(id.split(':')[4])]).toBe(true)
      if (blind.length === 0 && arrivals.length > 0)
        expect(counts.lost).toBe(dropped.filter((gone) => gone).length)
      expectBalance(counts)
    }),
    { numRuns: 1_000 },
  )
})

it('says no more than it knows below the coarse mark: losses at most the true ones, and totals that balance', () => {
  const ends = fc.array(end, { minLength: 1, maxLength: 30 })
  const numbers = fc.array(fc.nat(33), { minLength: 1, maxLength: 30 })
  fc.assert(
    fc.property(
      ends,
      numbers,
      fc.array(fc.nat(33), { maxLength: 20 }),
      fc.nat(4),
      (ends, early, late, keep) => {
        const ledger = new StreamLedger()
        for (const seq of early) ledger.on(seq, 0, 0)
        ledger.coalesce(keep)
        for (const seq of late) ledger.on(seq, 0, 0)
        const { counts, attribution } = judge(bookOf(1, ends), [streamOf(ledger)])
        const truth = bruteForce(ends, [...early, ...late], [])
        expect(counts.expected).toBe(truth.expected)
        expect(counts.lost).toBeLessThanOrEqual(truth.lost)
        expect(counts.phantom).toBeLessThanOrEqual(truth.phantom)
        expectBalance(counts)
        expect(Object.values(attribution).reduce((sum, count) => sum + count, 0)).toBe(ends.length)
        expect(Object.values(counts).every((count) => count >= 0)).toBe(true)
      },
    ),
    { numRuns: 2_000 },
  )
})

function streamOf(ledger: StreamLedger): ObservedStream {
  const holes = Array.from({ length: ledger.holeCount }, (_, at) => ledger.hole(at)).filter(
    (hole) => hole !== undefined,
  )
  const { max, maxSentMs, distinct, coarseBelow, duplicates, reordered, maxExtent, maxLateMs } = ledger
  const { lanes, orderUnjudged, unresolved } = ledger
  return {
    ...{ device: 0, publish: 0, qos: 1, epoch: 0, late: 0, corrupt: 0, holes },
    ...{ max, maxSentMs, distinct, coarseBelow, duplicates, reordered, maxExtent, maxLateMs },
    ...{ lanes, orderUnjudged, unresolved },
  }
}
