import type { QoS } from '../profile/profile.ts'
import type { Attribution, DeliveryCounts, Example, Label, StreamId } from './types.ts'

/** Ids kept per finding. */
export const EXAMPLES_PER_FINDING = 10

/** What findings show examples of. */
export type Exhibit = Example['kind'] | 'lost' | 'aborted-read'

/** Everything known of the streams that share a fleet, a publish entry and a QoS: one contract holds for all of them. */
export interface StreamGroup {
  fleet: number
  publish: number
  qos: QoS
  /** Acknowledged messages (QoS 0: sent ones): what a loss is counted among. */
  promised: number
  rejected: number
  /** Something of this entry reached the observer, so that it is known to be able to see it. */
  isProven: boolean
  /** Different messages seen of devices whose books are lost. */
  bookless: number
  counts: DeliveryCounts
  attribution: Attribution
  exhibits: Record<Exhibit, string[]>
}

export function emptyCounts(): DeliveryCounts {
  return {
    expected: 0,
    delivered: 0,
    missing: 0,
    late: 0,
    lost: 0,
    unconfirmed: 0,
    inconclusive: 0,
    duplicates: 0,
    reordered: 0,
    maxExtent: 0,
    orderUnjudged: 0,
    corrupt: 0,
    phantom: 0,
    abortedReads: 0,
    unresolved: 0,
  }
}

export function emptyAttribution(): Attribution {
  return {
    delivered: 0,
    'not-sent': 0,
    'sent-not-acknowledged': 0,
    rejected: 0,
    'vanished-in-broker': 0,
    'lost-at-qos-0': 0,
    inconclusive: 0,
  }
}

export function emptyGroup(fleet: number, publish: number, qos: QoS): StreamGroup {
  return {
    fleet,
    publish,
    qos,
    promised: 0,
    rejected: 0,
    isProven: true,
    bookless: 0,
    counts: emptyCounts(),
    attribution: emptyAttribution(),
    exhibits: { lost: [], duplicate: [], reordered: [], corrupt: [], phantom: [], 'aborted-read': [] },
  }
}

/** Adds counts of other streams of the same observer; extents have a largest, all else a sum. */
export function addCounts(into: DeliveryCounts, from: DeliveryCounts): void {
  const maxExtent = Math.max(into.maxExtent, from.maxExtent)
  for (const key of COUNT_KEYS) into[key] += from[key]
  into.maxExtent = maxExtent
}

export function addAttribution(into: Attribution, from: Attribution): void {
  for (const label of LABELS) into[label] += from[label]
}

/** The name of a message in reports. */
export function messageId({ device, publish, qos, epoch }: StreamId, seq: number): string {
  return `${device}:${publish}:${qos}:${epoch}:${seq}`
}

/** Adds the ids of from..to while there is room. */
export function keepIds(ids: string[], cap: number, stream: StreamId, from: number, to: number): void {
  for (let seq = from; seq <= to && ids.length < cap; seq++) ids.push(messageId(stream, seq))
}

// Every key by construction: an object literal of the type cannot leave one out, and Object.keys only loses its type.
const COUNT_KEYS = Object.keys(emptyCounts()) as (keyof DeliveryCounts)[]
const LABELS = Object.keys(emptyAttribution()) as Label[]
