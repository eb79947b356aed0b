import type { QoS } from '../profile/profile.ts'
import { OUTCOME, type Outcome, StreamLedger } from './stream-ledger.ts'
import { MAX_EPOCHS, type StreamSpace } from './stream-space.ts'
import type { Example, Hole, ObservedStream, StreamId } from './types.ts'

/** First receipts up to this long after the drain began are no later than the usual way takes. */
export const LATE_AFTER_MS = 1_000
/** Holes that all streams together keep exactly: 84 MB, then streams that open more become coarse. */
const MAX_HOLES_OF_ALL = 2 ** 21
const EXAMPLES_OF_A_KIND = 10
const SLOTS_PER_PAGE = 4_096

const KINDS: readonly Example['kind'][] = ['duplicate', 'reordered', 'corrupt', 'phantom']
const DUPLICATE = 0
const REORDERED = 1
const CORRUPT = 2
const PHANTOM = 3

/** Running totals of one fleet, for whoever watches. */
export interface FleetTally {
  delivered: number
  duplicates: number
  reordered: number
  /** Open holes: what is missing now and may still come. */
  missing: number
  late: number
  corrupt: number
  unresolved: number
}

/** A ledger in its place of the table. */
class ListedStream extends StreamLedger {
  late = 0
  corrupt = 0
  bookedHoles = 0
  readonly epoch: number
  readonly next: ListedStream | undefined

  constructor(epoch: number, next: ListedStream | undefined) {
    super()
    this.epoch = epoch
    this.next = next
  }
}

/** Everything one observer saw: a ledger per stream, found by arithmetic, and totals per fleet. */
export class ObserverLedger {
  readonly fleets: readonly FleetTally[]
  /** Messages that no device of the profile can have sent. */
  phantom = 0
  private readonly space: StreamSpace
  private readonly pages: (ListedStream | undefined)[][] = []
  /** Per fleet (phantoms have none), kind and QoS. */
  private readonly examples: Example[][] = []
  private heldHoles = 0
  private readonly maxHoles: number
  private lateFromMs = Number.POSITIVE_INFINITY

  constructor(space: StreamSpace, maxHoles = MAX_HOLES_OF_ALL) {
    this.space = space
    this.maxHoles = maxHoles
    this.fleets = space.fleets.map(() => emptyTally())
  }

  /** From now on first receipts are late. */
  startDrain(tMs: number): void {
    this.lateFromMs = tMs + LATE_AFTER_MS
  }

  /**
   * Books one arrival. `lane` is a small integer per topic or partition of the stream; `payloadOk` and `sentMs`: as its
   * marker says.
   */
  see(
    message: StreamId & { seq: number },
    tMs: number,
    lane: number,
    payloadOk: boolean,
    sentMs = tMs,
  ): Outcome {
    const { device, publish, seq, epoch } = message
    const fleet = this.space.fleetOf(device)
    const slot = this.space.slotOf(fleet, device, publish, message.qos)
    const tally = this.fleets[fleet]
    const limit = this.space.fleets[fleet]?.publishes[publish]?.limit ?? 0
    if (
      tally === undefined ||
      slot < 0 ||
      !(seq >= 0 && seq < limit) ||
      !(epoch >= 0 && epoch < MAX_EPOCHS)
    ) {
      this.phantom++
      this.keepExample(PHANTOM, -1, message)
      return OUTCOME.phantom
    }
    const stream = this.streamAt(slot, epoch)
    const before = stream.max
    const outcome = stream.on(seq, tMs, lane, sentMs)
    if (outcome === OUTCOME.inOrder) tally.delivered++
    else this.tallyUnusual(outcome, tally, stream, seq - before - 1)
    if (tMs > this.lateFromMs && isFirstReceipt(outcome)) {
      stream.late++
      tally.late++
    }
    if (!payloadOk) {
      stream.corrupt++
      tally.corrupt++
      this.keepExample(CORRUPT, fleet, message)
    }
    if (outcome === OUTCOME.duplicate) this.keepExample(DUPLICATE, fleet, message)
    else if (outcome === OUTCOME.reordered) this.keepExample(REORDERED, fleet, message)
    return outcome
  }

  /** What there is to judge, stream by stream; streams that nothing arrived of are not in it. */
  reading(): { streams: ObservedStream[]; phantom: number; examples: Example[] } {
    const streams: ObservedStream[] = []
    this.pages.forEach((page, number) => {
      page.forEach((first, at) => {
        const name = this.space.nameOf(number * SLOTS_PER_PAGE + at)
        if (name === undefined) return
        for (let stream = first; stream !== undefined; stream = stream.next)
          streams.push(observed(stream, { ...name, epoch: stream.epoch }))
      })
    })
    return { streams, phantom: this.phantom, examples: this.examples.flat() }
  }

  private streamAt(slot: number, epoch: number): ListedStream {
    const number = Math.floor(slot / SLOTS_PER_PAGE)
    const at = slot % SLOTS_PER_PAGE
    const page = this.pages[number] ?? this.addPage(number)
    const first = page[at]
    if (first !== undefined && first.epoch === epoch) return first
    for (let stream = first?.next; stream !== undefined; stream = stream.next)
      if (stream.epoch === epoch) return stream
    const stream = new ListedStream(epoch, first)
    page[at] = stream
    return stream
  }

  private addPage(number: number): (ListedStream | undefined)[] {
    const page = new Array<ListedStream | undefined>(SLOTS_PER_PAGE)
    this.pages[number] = page
    return page
  }

  private tallyUnusual(outcome: Outcome, tally: FleetTally, stream: ListedStream, gap: number): void {
    if (outcome === OUTCOME.duplicate) tally.duplicates++
    else if (outcome === OUTCOME.unresolved) tally.unresolved++
    else {
      tally.delivered++
      tally.missing += outcome === OUTCOME.gap ? gap : -1
      if (outcome === OUTCOME.reordered) tally.reordered++
      this.countHoles(stream)
    }
  }

  private countHoles(stream: ListedStream): void {
    this.heldHoles += stream.holeCount - stream.bookedHoles
    if (this.heldHoles > this.maxHoles) {
      this.heldHoles -= stream.holeCount
      stream.coalesce(stream.holeCount >> 1)
      this.heldHoles += stream.holeCount
    }
    stream.bookedHoles = stream.holeCount
  }

  private keepExample(kind: number, fleet: number, message: StreamId & { seq: number }): void {
    const { device, publish, qos, epoch, seq } = message
    const place = ((fleet + 1) * KINDS.length + kind) * 3 + qos
    this.examples[place] ??= []
    const kept = this.examples[place]
    const name = KINDS[kind]
    if (name === undefined || kept.length >= EXAMPLES_OF_A_KIND) return
    kept.push({ kind: name, device, publish, qos, epoch, seq })
  }
}

function emptyTally(): FleetTally {
  return { delivered: 0, duplicates: 0, reordered: 0, missing: 0, late: 0, corrupt: 0, unresolved: 0 }
}

function isFirstReceipt(outcome: Outcome): boolean {
  return outcome <= OUTCOME.filled
}

function observed(stream: ListedStream, id: { device: number; publish: number; qos: QoS; epoch: number }) {
  const holes: Hole[] = []
  for (let index = 0; index < stream.holeCount; index++) {
    const hole = stream.hole(index)
    if (hole === undefined) continue
    const { from, to, sinceMs, openedMs } = hole
    holes.push({ from, to, sinceMs, openedMs })
  }
  const { max, maxSentMs, distinct, coarseBelow, duplicates, reordered, maxExtent, maxLateMs } = stream
  const { lanes, orderUnjudged, late, corrupt, unresolved } = stream
  return {
    ...id,
    max,
    maxSentMs,
    distinct,
    holes,
    coarseBelow,
    duplicates,
    reordered,
    maxExtent,
    maxLateMs,
    lanes,
    orderUnjudged,
    late,
    corrupt,
    unresolved,
  }
}
