import {
  type BookException,
  IN_DOUBT_REASONS,
  type InDoubtReason,
  NOT_SENT_REASONS,
  type NotSentReason,
  type StreamBook,
  type StreamId,
} from './types.ts'

/** Numbers per range: from, to, fate. */
const STRIDE = 3
const NO_RANGES: readonly number[] = []

/** Fates as small integers: reasons count from these, reason codes of MQTT are one byte. */
const NOT_SENT = 0
const IN_DOUBT = 0x100
const REJECTED = 0x200

/**
 * What became of each number of one stream, on the generator's side. Most end as "acknowledged" (QoS 0: "sent"),
 * so only the others are kept, as ranges, and a stream without any is six fields.
 */
export class StreamRecorder {
  private readonly id: StreamId
  private generated = 0
  private ranges: number[] | null = null

  constructor(id: StreamId) {
    this.id = id
  }

  /** A message is due: its sequence number. */
  generate(): number {
    return this.generated++
  }

  notSent(seq: number, reason: NotSentReason): void {
    this.mark(seq, NOT_SENT + NOT_SENT_REASONS.indexOf(reason))
  }

  rejected(seq: number, reasonCode: number): void {
    this.mark(seq, REJECTED + reasonCode)
  }

  inDoubt(seq: number, reason: Exclude<InDoubtReason, 'qos0'>): void {
    this.mark(seq, IN_DOUBT + IN_DOUBT_REASONS.indexOf(reason))
  }

  /** Acknowledged with success. Needs to be told only of a message that was in doubt before. */
  acknowledged(seq: number): void {
    if (this.ranges !== null) this.unmark(this.ranges, seq)
  }

  book(): StreamBook {
    const ranges = this.ranges ?? NO_RANGES
    const exceptions: BookException[] = []
    for (let at = 0; at < ranges.length; at += STRIDE)
      exceptions.push(exceptionOf(ranges[at] ?? 0, ranges[at + 1] ?? 0, ranges[at + 2] ?? 0))
    return { ...this.id, generated: this.generated, exceptions }
  }

  private mark(seq: number, fate: number): void {
    if (!(seq >= 0 && seq < this.generated))
      throw new RangeError(`${seq} of ${this.generated} was never generated`)
    this.ranges ??= []
    const { ranges } = this
    this.unmark(ranges, seq)
    const at = firstBehind(ranges, seq)
    const joinsLeft = at > 0 && ranges[at - 2] === seq - 1 && ranges[at - 1] === fate
    const joinsRight = at < ranges.length && ranges[at] === seq + 1 && ranges[at + 2] === fate
    if (joinsLeft && joinsRight) {
      ranges[at - 2] = ranges[at + 1] ?? seq
      ranges.splice(at, STRIDE)
    } else if (joinsLeft) ranges[at - 2] = seq
    else if (joinsRight) ranges[at] = seq
    else if (at === ranges.length) ranges.push(seq, seq, fate)
    else ranges.splice(at, 0, seq, seq, fate)
  }

  /** Takes a number out of the range that holds it, if one does: the last word about a message counts. */
  private unmark(ranges: number[], seq: number): void {
    const at = firstBehind(ranges, seq) - STRIDE
    const from = ranges[at]
    const to = ranges[at + 1]
    const fate = ranges[at + 2]
    if (from === undefined || to === undefined || fate === undefined || seq > to) return
    if (from === to) ranges.splice(at, STRIDE)
    else if (seq === from) ranges[at] = seq + 1
    else if (seq === to) ranges[at + 1] = seq - 1
    else ranges.splice(at, STRIDE, from, seq - 1, fate, seq + 1, to, fate)
  }
}

/** Place of the first range that begins behind `seq`. */
function firstBehind(ranges: readonly number[], seq: number): number {
  let low = 0
  let high = ranges.length / STRIDE
  // Nearly always the newest message is the one that has something to tell.
  if (high === 0 || seq >= (ranges[ranges.length - STRIDE] ?? 0)) return ranges.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((ranges[middle * STRIDE] ?? 0) > seq) high = middle
    else low = middle + 1
  }
  return low * STRIDE
}

function exceptionOf(from: number, to: number, fate: number): BookException {
  if (fate >= REJECTED) return { from, to, end: 'rejected', reasonCode: fate - REJECTED }
  if (fate >= IN_DOUBT) {
    const reason = IN_DOUBT_REASONS[fate - IN_DOUBT]
    return { from, to, end: 'in-doubt', reason: reason === 'session-lost' ? reason : 'unacknowledged' }
  }
  return { from, to, end: 'not-sent', reason: NOT_SENT_REASONS[fate - NOT_SENT] ?? 'still-queued' }
}
