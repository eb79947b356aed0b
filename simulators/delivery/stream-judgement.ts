import { type Fate, labelOf, type Sight } from './evidence.ts'
import { eachPiece, type FateRange, fateRanges } from './fate-ranges.ts'
import { EXAMPLES_PER_FINDING, keepIds, type StreamGroup } from './stream-group.ts'
import type { Label, ObservedStream, StreamBook } from './types.ts'
import { absencesOf, type Visibility } from './visibility.ts'

/** Ids kept per label for export. */
export const IDS_PER_LABEL = 1_000

/** Ids of messages that did not arrive, by the stage at which they ended. */
export type LabelledIds = Record<Exclude<Label, 'delivered'>, string[]>

/** Judges a stream that nothing observed: no probe, or no marker. Only the device's side can be told. */
export function judgeUnobserved(book: StreamBook, group: StreamGroup, ids: LabelledIds): void {
  for (const { from, to, fate } of fateRanges(book)) {
    const label = labelOf({ fate, probe: 'none' })
    group.attribution[label] += to - from + 1
    if (label !== 'delivered') keepIds(ids[label], IDS_PER_LABEL, book, from, to)
  }
}

/** Sets what an observer saw of a stream against its book, range by range: what ended where, and what was promised. */
export function judgeStream(
  book: StreamBook,
  stream: ObservedStream | undefined,
  visibility: Visibility,
  group: StreamGroup,
  ids: LabelledIds,
): void {
  const ranges = fateRanges(book)
  const coarseBelow = stream?.coarseBelow ?? 0
  for (const { from, to, fate } of ranges) countFate(group, fate, to - from + 1)
  if (stream !== undefined) {
    if (coarseBelow > 0) judgeCoarse(ranges, stream, book.generated, visibility, group)
    countPhantoms(book, stream, group)
    addObserved(stream, stream.max >= book.generated, group)
  }
  eachPiece(ranges, absencesOf(stream, book.generated, visibility), coarseBelow, (from, to, fate, sight) => {
    const label = countPiece(group, fate, sight, to - from + 1)
    if (label !== 'delivered') keepIds(ids[label], IDS_PER_LABEL, book, from, to)
    const { lost, phantom, 'aborted-read': abortedRead } = group.exhibits
    if (label === 'vanished-in-broker' || label === 'lost-at-qos-0')
      keepIds(lost, EXAMPLES_PER_FINDING, book, from, to)
    else if (sight === 'seen' && fate === 'not-sent') keepIds(phantom, EXAMPLES_PER_FINDING, book, from, to)
    else if (sight === 'seen' && fate === 'rejected')
      keepIds(abortedRead, EXAMPLES_PER_FINDING, book, from, to)
  })
}

/** Books what an observer counted for itself. */
export function addObserved(stream: ObservedStream, hasPhantoms: boolean, { counts }: StreamGroup): void {
  counts.late += stream.late
  counts.duplicates += stream.duplicates
  counts.corrupt += stream.corrupt
  counts.unresolved += stream.unresolved
  counts.orderUnjudged += stream.orderUnjudged
  if (hasPhantoms) {
    // A number that was never sent pushes the highest number up and makes honest successors look reordered.
    counts.orderUnjudged += stream.reordered
    return
  }
  counts.reordered += stream.reordered
  counts.maxExtent = Math.max(counts.maxExtent, stream.maxExtent)
}

function countFate(group: StreamGroup, fate: Fate, count: number): void {
  if (fate === 'acked' || fate === 'sent') group.promised += count
  else if (fate === 'rejected') group.rejected += count
}

function isExpected(fate: Fate): boolean {
  return fate !== 'not-sent' && fate !== 'rejected'
}

function countPiece({ counts, attribution }: StreamGroup, fate: Fate, sight: Sight, count: number): Label {
  const label = labelOf({ fate, probe: sight })
  attribution[label] += count
  if (!isExpected(fate)) {
    if (sight === 'seen' && fate === 'rejected') counts.abortedReads += count
    if (sight === 'seen' && fate === 'not-sent') counts.phantom += count
    return label
  }
  counts.expected += count
  if (sight === 'seen') counts.delivered += count
  else counts.missing += count
  if (label === 'sent-not-acknowledged') counts.unconfirmed += count
  else if (label === 'inconclusive') counts.inconclusive += count
  else if (label !== 'delivered') counts.lost += count
  return label
}

/** Distinct numbers seen that the device never reached. */
function countPhantoms(book: StreamBook, stream: ObservedStream, group: StreamGroup): void {
  const first = Math.max(book.generated, stream.coarseBelow)
  if (stream.max < first) return
  let seen = stream.max - first + 1
  let next = first
  for (const { from, to } of stream.holes) {
    if (to < first) continue
    seen -= to - Math.max(from, first) + 1
    if (from > next) keepIds(group.exhibits.phantom, EXAMPLES_PER_FINDING, book, next, from - 1)
    next = to + 1
  }
  keepIds(group.exhibits.phantom, EXAMPLES_PER_FINDING, book, next, stream.max)
  group.counts.phantom += seen
}

/**
 * Below the coarse mark the observer knows how many numbers are missing, not which. Only what follows from the
 * counts alone is said: `missing` numbers are gone, of which at most those that nobody expected or nobody promised
 * are excused, and at most `unresolved` have come since. The rest is lost beyond doubt; all else is inconclusive.
 */
function judgeCoarse(
  ranges: readonly FateRange[],
  stream: ObservedStream,
  generated: number,
  { blind, overloaded, settled }: Visibility,
  { counts, attribution }: StreamGroup,
): void {
  const below = stream.coarseBelow
  const fates: Record<Fate, number> = { 'not-sent': 0, rejected: 0, 'in-doubt': 0, acked: 0, sent: 0 }
  for (const { from, to, fate } of ranges) if (from < below) fates[fate] += Math.min(to, below - 1) - from + 1
  const missingAbove = stream.holes.reduce((sum, { from, to }) => sum + to - from + 1, 0)
  const seen = below - (stream.max + 1 - stream.distinct - missingAbove)
  const expected = fates.acked + fates.sent + fates['in-doubt']
  const delivered = Math.min(seen, expected)
  const missing = expected - delivered
  const isBlind = overloaded || !settled || blind.length > 0 || below > generated
  const lost = isBlind ? 0 : Math.max(0, missing - fates['in-doubt'] - stream.unresolved)
  counts.expected += expected
  counts.delivered += delivered
  counts.missing += missing
  counts.lost += lost
  counts.inconclusive += missing - lost
  if (below > generated) counts.phantom += Math.max(0, seen - generated)
  else counts.unresolved += seen - delivered
  attribution['not-sent'] += fates['not-sent']
  attribution.rejected += fates.rejected
  attribution.delivered += delivered
  attribution[fates.sent > 0 ? 'lost-at-qos-0' : 'vanished-in-broker'] += lost
  attribution.inconclusive += missing - lost
}
