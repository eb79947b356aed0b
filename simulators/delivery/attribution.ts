import { GroupTable } from './group-table.ts'
import { ObservedIndex } from './observed-index.ts'
import {
  addAttribution,
  addCounts,
  EXAMPLES_PER_FINDING,
  emptyAttribution,
  emptyCounts,
  messageId,
  type StreamGroup,
} from './stream-group.ts'
import { addObserved, judgeStream, judgeUnobserved, type LabelledIds } from './stream-judgement.ts'
import type { StreamSpace } from './stream-space.ts'
import type {
  Attribution,
  Books,
  DeliveryCounts,
  ObservedStream,
  ObserverReading,
  StreamBook,
  StreamId,
} from './types.ts'
import { UNPROVEN, type Visibility } from './visibility.ts'

/** Publish entries of one fleet, at most. */
const ENTRIES_MAX = 64

/** Devices whose shard died with their books. */
export interface LostDevices {
  has(device: number): boolean
  /** Per fleet, what was last known of them all together. */
  lastKnown: readonly Books[]
}

export interface AttributionInput {
  space: StreamSpace
  books: Iterable<StreamBook>
  /** null: the profile has no probe. */
  reading: ObserverReading | null
  /** The drain came to its proper end; otherwise nothing missing is called lost. */
  settled: boolean
  lostDevices: LostDevices | null
}

/** Where messages ended, and what the observer saw (null without one). */
export interface JudgedStreams {
  attribution: Attribution
  counts: DeliveryCounts | null
}

export interface AttributionResult {
  /** One per fleet, publish entry and QoS that something is known of. */
  groups: StreamGroup[]
  fleets: JudgedStreams[]
  total: JudgedStreams
  /** Up to 1,000 per label. */
  ids: LabelledIds
  /** Of messages that belong to no stream of the profile. */
  strays: string[]
}

/** Sets all books against what the observer read. Memory grows with streams, exceptions and holes, never with messages. */
export function attribute({
  space,
  books,
  reading,
  settled,
  lostDevices,
}: AttributionInput): AttributionResult {
  const groups = new GroupTable(space)
  const ids = emptyIds()
  const visibility: Visibility = {
    blind: reading?.health.blind ?? [],
    overloaded: reading?.health.overloaded ?? false,
    settled,
  }
  const observed = new ObservedIndex(space, reading?.streams ?? [])
  const proven = provenEntries(space, reading?.streams ?? [])
  for (const book of books) {
    if (lostDevices?.has(book.device)) continue
    const group = groups.of(book)
    if (group === undefined) continue
    const stream = observed.take(book)
    if (reading === null || !observed.canHold(book)) judgeUnobserved(book, group, ids)
    else {
      group.isProven = proven.has(entryOf(space, book))
      judgeStream(book, stream, group.isProven ? visibility : UNPROVEN, group, ids)
    }
  }
  for (const stream of observed.rest()) {
    const group = groups.of(stream)
    if (group === undefined) continue
    if (lostDevices?.has(stream.device)) judgeBookless(stream, group)
    else judgeStream(emptyBook(stream), stream, visibility, group, ids)
  }
  const strays = addExamples(groups, reading)
  return { groups: groups.list, ...sums(space, groups.list, reading, lostDevices), ids, strays }
}

/**
 * The publish entries that something was seen of. Of the others nothing can be called lost: a probe that may not read
 * their topics, or watches another broker than their devices use, sees just as little.
 */
function provenEntries(space: StreamSpace, streams: readonly ObservedStream[]): Set<number> {
  return new Set(streams.map((stream) => entryOf(space, stream)))
}

function entryOf(space: StreamSpace, { device, publish }: StreamId): number {
  return space.fleetOf(device) * ENTRIES_MAX + publish
}

/** A stream that no device opened: whatever was seen of it is phantom. */
function emptyBook({ device, publish, qos, epoch }: StreamId): StreamBook {
  return { device, publish, qos, epoch, generated: 0, exceptions: [] }
}

/** Without a book nothing can be called lost or phantom; copies and order can still be told. */
function judgeBookless(stream: ObservedStream, group: StreamGroup): void {
  addObserved(stream, false, group)
  group.bookless += stream.distinct
  group.counts.expected += stream.distinct
  group.counts.delivered += stream.distinct
  group.attribution.delivered += stream.distinct
}

function sums(
  space: StreamSpace,
  groups: readonly StreamGroup[],
  reading: ObserverReading | null,
  lostDevices: LostDevices | null,
): { fleets: JudgedStreams[]; total: JudgedStreams } {
  const total = { attribution: emptyAttribution(), counts: emptyCounts() }
  const fleets = space.fleets.map((_, fleet) => {
    const sum = { attribution: emptyAttribution(), counts: emptyCounts() }
    for (const group of groups) {
      if (group.fleet !== fleet) continue
      addCounts(sum.counts, group.counts)
      addAttribution(sum.attribution, group.attribution)
    }
    addCounts(total.counts, sum.counts)
    addAttribution(total.attribution, sum.attribution)
    return sum
  })
  lostDevices?.lastKnown.forEach((books, fleet) => {
    const sum = fleets[fleet]
    if (sum === undefined) return
    const seen = groups.reduce((count, group) => count + (group.fleet === fleet ? group.bookless : 0), 0)
    for (const into of [sum, total]) addLastKnown(books, seen, into)
  })
  total.counts.phantom += reading?.phantom ?? 0
  const observed = reading !== null
  const shown = ({ attribution, counts }: typeof total): JudgedStreams => ({
    attribution,
    counts: observed ? counts : null,
  })
  return { fleets: fleets.map(shown), total: shown(total) }
}

/** What a dead shard had sent by its last sample and nobody saw may have been lost, or acknowledged never: inconclusive. */
function addLastKnown(
  books: Books,
  seen: number,
  { counts, attribution }: { counts: DeliveryCounts; attribution: Attribution },
): void {
  const unseen = Math.max(0, books.sent - books.rejected.total - seen)
  counts.expected += unseen
  counts.missing += unseen
  counts.inconclusive += unseen
  attribution['not-sent'] += books.notSent.total
  attribution.rejected += books.rejected.total
  attribution.inconclusive += Math.max(0, books.generated - books.notSent.total - books.rejected.total - seen)
}

function addExamples(groups: GroupTable, reading: ObserverReading | null): string[] {
  const strays: string[] = []
  for (const example of reading?.examples ?? []) {
    const ids = groups.find(example)?.exhibits[example.kind]
    if (ids === undefined || example.kind === 'phantom') strays.push(messageId(example, example.seq))
    else if (ids.length < EXAMPLES_PER_FINDING) ids.push(messageId(example, example.seq))
  }
  return strays
}

function emptyIds(): LabelledIds {
  return {
    'not-sent': [],
    'sent-not-acknowledged': [],
    rejected: [],
    'vanished-in-broker': [],
    'lost-at-qos-0': [],
    inconclusive: [],
  }
}
