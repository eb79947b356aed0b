import { type AttributionResult, attribute, type LostDevices } from '../delivery/attribution.ts'
import { booksOf, emptyBooks, sumBooks } from '../delivery/books.ts'
import type { Contract } from '../delivery/contract.ts'
import { findingsOf } from '../delivery/findings.ts'
import type { StreamGroup } from '../delivery/stream-group.ts'
import { streamSpaceOf } from '../delivery/stream-space.ts'
import type { Books, Finding, ObserverReading, StreamBook } from '../delivery/types.ts'
import { reasonText } from '../device/reason-codes.ts'
import { isOf } from '../plan/partition.ts'
import { createRoster, type Roster } from '../plan/roster.ts'
import { protocolOf } from '../profile/endpoint.ts'
import type { Profile } from '../profile/profile.ts'
import type { FleetTotals } from './messages.ts'
import { addTotals, emptyTotals } from './run-tally.ts'
import type { ShardRecord } from './shard-group.ts'

/** What became of every message: books, attribution and findings, per fleet and in total. */
export interface Conclusion {
  attributed: AttributionResult
  findings: Finding[]
  books: Books
  fleetBooks: Books[]
}

export interface ConcludeFacts {
  profile: Profile
  shards: readonly ShardRecord[]
  reading: ObserverReading | null
  settled: boolean
  /** Per fleet: the longest way from sent to seen, ms. */
  slowestMs: readonly number[]
  /** Per fleet, of all shards. */
  totals: readonly FleetTotals[]
}

/** Sets what the devices did against what the probe saw. */
export function conclude(facts: ConcludeFacts): Conclusion {
  const { profile, shards, reading, settled, totals } = facts
  const roster = createRoster(profile)
  const books = shards.flatMap((shard) => shard.books)
  const dead = shards.filter(({ state }) => state === 'dead')
  const lostDevices = dead.length > 0 ? lostDevicesOf(dead, profile.fleets.length) : null
  const attributed = attribute({ space: streamSpaceOf(profile), books, reading, settled, lostDevices })
  const findings = findingsOf({
    result: attributed,
    fleetNames: profile.fleets.map((fleet) => fleet.name),
    contractOf: (group) => contractOf(group, profile, reading, facts.slowestMs),
    withoutSubscribers: totals.map((fleet) => (reading ? fleet.ackedWithoutSubscriber : 0)),
    damaged: reading?.damaged ?? 0,
  })
  const fleetBooks = booksPerFleet(books, roster, profile.fleets.length)
  lostDevices?.lastKnown.forEach((known, fleet) => {
    fleetBooks[fleet] = sumBooks([fleetBooks[fleet] ?? emptyBooks(), known])
  })
  return { attributed, findings, books: sumBooks(fleetBooks), fleetBooks }
}

/** Messages that the probe may see, at the most: sent with a marker, the rejected ones too, which may come all the same. */
export function expectedAtMost(profile: Profile, shards: readonly ShardRecord[]): number {
  const roster = createRoster(profile)
  let expected = 0
  for (const shard of shards) {
    if (shard.state === 'dead')
      expected += (shard.last?.fleets ?? []).reduce((sum, fleet) => sum + fleet.sent, 0)
    for (const book of shard.books) {
      const entry = profile.fleets[roster.fleetOf(book.device)]?.publish[book.publish]
      if (!entry || entry.marker === 'none') continue
      expected += booksOf([book]).sent
    }
  }
  return expected
}

function booksPerFleet(books: readonly StreamBook[], roster: Roster, fleets: number): Books[] {
  const perFleet: StreamBook[][] = Array.from({ length: fleets }, () => [])
  for (const book of books) perFleet[roster.fleetOf(book.device)]?.push(book)
  return perFleet.map((own) => booksOf(own, (code) => reasonText('puback', code)))
}

function lostDevicesOf(dead: readonly ShardRecord[], fleets: number): LostDevices {
  const lastKnown = Array.from({ length: fleets }, (_, fleet) => {
    const sum = emptyTotals()
    for (const shard of dead) {
      const totals = shard.last?.fleets[fleet]
      if (totals) addTotals(sum, totals)
    }
    return lastBooks(sum)
  })
  return { has: (device) => dead.some(({ share }) => isOf(device, share)), lastKnown }
}

/** Books from the last sample of a shard that died: what waited or was in flight stays open. */
function lastBooks(totals: FleetTotals): Books {
  const open = totals.sent - totals.sentQos0 - totals.acked - totals.rejected
  const notSent = totals.generated - totals.sent
  const queued = notSent - totals.notSent
  return {
    generated: totals.generated,
    notSent: {
      total: notSent,
      byReason: {
        ...(queued > 0 ? { 'still-queued': queued } : {}),
        ...(totals.notSent > 0 ? { 'shard-died': totals.notSent } : {}),
      },
    },
    sent: totals.sent,
    acked: totals.acked,
    rejected: {
      total: totals.rejected,
      byCode: totals.rejected > 0 ? { 'shard died, code not known': totals.rejected } : {},
    },
    inDoubt: {
      total: totals.sentQos0 + open,
      byReason: {
        ...(totals.sentQos0 > 0 ? { qos0: totals.sentQos0 } : {}),
        ...(open > 0 ? { unacknowledged: open } : {}),
      },
    },
  }
}

function contractOf(
  group: StreamGroup,
  profile: Profile,
  reading: ObserverReading | null,
  slowestMs: readonly number[],
): Contract {
  const fleet = profile.fleets[group.fleet] ?? null
  const expiry = fleet?.publish[group.publish]?.messageExpiry
  return {
    publishQos: group.qos,
    subscriptionQos: reading?.health.grantedQos ?? 0,
    protocol: protocolOf(profile, fleet),
    resumes: fleet ? !fleet.session.cleanStart : false,
    // Messages that took longer than their expiry were dropped and never measured, so half of it is telling enough.
    mayExpire: expiry !== undefined && (slowestMs[group.fleet] ?? 0) >= expiry / 2,
  }
}
