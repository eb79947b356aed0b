import { HoleList, type HoleView } from './hole-list.ts'
import { BEHIND_ITS_LANE, LANE_UNJUDGED, LaneTable } from './lane-table.ts'

/** What one arrival was. Numbers, because there is one per message. */
export const OUTCOME = {
  /** First receipt, the next number. */
  inOrder: 0,
  /** First receipt, above the next number: what lies between is missing. */
  gap: 1,
  /** First receipt of a missing number after a greater one of its lane (RFC 4737: reordered). */
  reordered: 2,
  /** First receipt of a missing number, in order within its lane or with an order that cannot be judged. */
  filled: 3,
  duplicate: 4,
  /** Below the coarse mark of a stream with too many holes: a duplicate or a late one, nobody can tell. */
  unresolved: 5,
  /** No device of the profile can have sent it. */
  phantom: 6,
} as const
export type Outcome = (typeof OUTCOME)[keyof typeof OUTCOME]

/** Holes a stream keeps exactly; 40 bytes each. */
export const MAX_HOLES = 4_096

const NO_LANE = -1
const MANY_LANES = -2

/**
 * What arrived of one stream: exact at any age, because the highest number and the holes below it are the set itself.
 * Only fields that hold small integers, so that V8 keeps them in place: a stream without loss costs no second object.
 */
export class StreamLedger {
  max = -1
  /** When the highest number was sent, whole ms: what has a higher one was sent no earlier. */
  maxSentMs = 0
  distinct = 0
  duplicates = 0
  reordered = 0
  maxExtent = 0
  maxLateMs = 0
  orderUnjudged = 0
  unresolved = 0
  coarseBelow = 0
  private lane = NO_LANE
  private laneTable: LaneTable | null = null
  private holes: HoleList | null = null

  /** Books one arrival; `lane` is a small integer of 0 or more within which order is promised; `sentMs`: as its marker says. */
  on(seq: number, tMs: number, lane: number, sentMs = tMs): Outcome {
    if (seq === this.max + 1 && lane === this.lane) {
      this.max = seq
      // Whole milliseconds, rounded towards the past, stay unboxed; the wrap after 24 days only makes a window wider.
      this.maxSentMs = sentMs | 0
      this.distinct++
      return OUTCOME.inOrder
    }
    return seq > this.max ? this.advance(seq, tMs, lane, sentMs) : this.lookBack(seq, tMs, lane)
  }

  get holeCount(): number {
    return this.holes === null ? 0 : this.holes.count
  }

  /** Lanes seen, up to the bound of the table. */
  get lanes(): number {
    if (this.laneTable !== null) return this.laneTable.count
    return this.lane === NO_LANE ? 0 : 1
  }

  hole(index: number): HoleView | undefined {
    return this.holes !== null && index < this.holes.count ? this.holes.view(index) : undefined
  }

  /** Keeps the `keep` highest holes; numbers below the others become coarse: counted, no longer told apart. */
  coalesce(keep: number): void {
    if (this.holes === null || this.holes.count <= keep) return
    this.coarseBelow = this.holes.forgetLowest(keep)
  }

  private advance(seq: number, tMs: number, lane: number, sentMs: number): Outcome {
    this.enterLane(lane)
    if (this.laneTable !== null && this.laneTable.judge(lane, seq) === LANE_UNJUDGED) this.orderUnjudged++
    const expected = this.max + 1
    const sinceMs = this.max === -1 ? Math.min(0, sentMs) : this.maxSentMs
    const index = this.distinct++
    this.max = seq
    this.maxSentMs = sentMs | 0
    if (seq === expected) return OUTCOME.inOrder
    this.holes ??= new HoleList()
    if (this.holes.count >= MAX_HOLES) this.coalesce(MAX_HOLES / 2)
    this.holes.append(expected, seq - 1, index, tMs, sinceMs)
    return OUTCOME.gap
  }

  private lookBack(seq: number, tMs: number, lane: number): Outcome {
    if (seq < this.coarseBelow) {
      this.unresolved++
      return OUTCOME.unresolved
    }
    const found = this.holes === null ? -1 : this.holes.find(seq)
    if (this.holes === null || found < 0) {
      this.duplicates++
      return OUTCOME.duplicate
    }
    this.enterLane(lane)
    const outcome = this.judgeLate(seq, lane, this.holes.openedIndex(found), tMs - this.holes.openedMs(found))
    this.distinct++
    this.holes.fill(found, seq)
    if (this.holes.count > MAX_HOLES) this.coalesce(MAX_HOLES / 2)
    return outcome
  }

  private judgeLate(seq: number, lane: number, openedIndex: number, lateMs: number): Outcome {
    if (this.laneTable !== null) {
      const judgement = this.laneTable.judge(lane, seq)
      if (judgement === LANE_UNJUDGED) this.orderUnjudged++
      if (judgement !== BEHIND_ITS_LANE) return OUTCOME.filled
      this.reordered++
      return OUTCOME.reordered
    }
    this.reordered++
    // RFC 4737 4.2.2: extent = i - j, with j the earliest arrival that has a greater number. That is the one that
    // opened the hole: before it, max was below every number in it. With several lanes the opener may belong to
    // another lane, so i - j within the lane is not known and the extent is left as it was.
    const extent = this.distinct - openedIndex
    if (extent > this.maxExtent) this.maxExtent = extent
    if (lateMs > this.maxLateMs) this.maxLateMs = lateMs | 0
    return OUTCOME.reordered
  }

  /** Only first receipts enter a lane: a copy that took another way says nothing about order. */
  private enterLane(lane: number): void {
    if (lane === this.lane || this.lane === MANY_LANES) return
    if (this.lane === NO_LANE) {
      this.lane = lane
      return
    }
    this.laneTable = new LaneTable()
    this.laneTable.judge(this.lane, this.max)
    this.lane = MANY_LANES
  }
}
