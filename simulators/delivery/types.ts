import type { QoS } from '../profile/profile.ts'

/**
 * Names one stream of a run: the widest unit for which MQTT promises order.
 * `device` counts over all fleets of the profile; `publish` is the entry in the fleet's publish list.
 */
export interface StreamId {
  device: number
  publish: number
  qos: QoS
  epoch: number
}

/** What travels inside each message. Times in microseconds; `intendedUs` counts from the start of the run. */
export interface Identity extends StreamId {
  /** Random 32 bits that name the run. */
  run: number
  seq: number
  intendedUs: number
  /** sent - intended: how long the message waited in the device. */
  sentLagUs: number
}

/** Why a message was generated and never handed to the link. */
export const NOT_SENT_REASONS = [
  'offline',
  'queue-full',
  'too-large',
  'unsupported',
  'still-queued',
  'never-connected',
  /** Known to a shard that died before it could say more. */
  'shard-died',
] as const
export type NotSentReason = (typeof NOT_SENT_REASONS)[number]

/** Why a sent message has no final acknowledgement. `qos0` never gets one. */
export const IN_DOUBT_REASONS = ['qos0', 'session-lost', 'unacknowledged'] as const
export type InDoubtReason = (typeof IN_DOUBT_REASONS)[number]

/** Sequence numbers from..to (inclusive) of a stream that did not end as "acknowledged" (QoS 0: as "sent"). */
export type BookException =
  | { from: number; to: number; end: 'not-sent'; reason: NotSentReason }
  | { from: number; to: number; end: 'rejected'; reasonCode: number }
  | { from: number; to: number; end: 'in-doubt'; reason: Exclude<InDoubtReason, 'qos0'> }

/** What the generator knows of one stream. Numbers 0..generated-1 exist; those in no exception were acknowledged (QoS 0: sent). */
export interface StreamBook extends StreamId {
  generated: number
  /** Sorted by `from`; no two overlap. */
  exceptions: BookException[]
}

/** generated = notSent + sent; sent = acked + rejected + inDoubt. QoS 0 is in doubt by nature, with reason `qos0`. */
export interface Books {
  generated: number
  notSent: { total: number; byReason: Partial<Record<NotSentReason, number>> }
  sent: number
  acked: number
  rejected: { total: number; byCode: Record<string, number> }
  inDoubt: { total: number; byReason: Partial<Record<InDoubtReason, number>> }
}

/**
 * One hole of an observed stream: numbers from..to not seen, opened by an arrival at `openedMs` of the run.
 * The highest number before it was sent at `sinceMs` (0 when none), so in order they were on their way in between.
 */
export interface Hole {
  from: number
  to: number
  sinceMs: number
  openedMs: number
}

/** What one observer saw of one stream. */
export interface ObservedStream extends StreamId {
  /** Highest number seen; -1 when none. */
  max: number
  /** When `max` was sent, whole ms of the run. */
  maxSentMs: number
  distinct: number
  holes: Hole[]
  /** Below this number the bounded ledger knows only how many are missing, not which; 0: it knows all. */
  coarseBelow: number
  duplicates: number
  reordered: number
  /** Largest RFC 4737 reordering extent; 0 without reordering. Not defined, and not raised, once a second lane is seen. */
  maxExtent: number
  /** Largest RFC 4737 late time, whole ms. */
  maxLateMs: number
  /** Topics (or Kafka partitions) the stream was seen on; order is promised within each only. */
  lanes: number
  /** First receipts whose order was not judged: too many lanes. */
  orderUnjudged: number
  /** First receipts that came more than a second after the drain began. */
  late: number
  /** Payload did not match the checksum in its marker. */
  corrupt: number
  /** Arrivals that the bounded ledger could no longer tell apart (duplicate or late). */
  unresolved: number
}

/** A span of the run, in ms since its start, in which an observer could not see. Open ends are Infinity. */
export interface BlindSpan {
  fromMs: number
  toMs: number
  why: string
}

export interface ObserverHealth {
  connections: number
  reconnects: number
  blind: BlindSpan[]
  eventLoopDelayP99Ms: number
  /** Share of one core. */
  cpu: number
  /** The observer itself was too slow to be believed. */
  overloaded: boolean
  grantedQos: QoS
}

/** One message that a counter counted. */
export interface Example extends StreamId {
  kind: 'duplicate' | 'reordered' | 'corrupt' | 'phantom'
  seq: number
}

export interface ObserverReading {
  streams: ObservedStream[]
  /** Valid markers of this run that name a stream or number no device of the profile can have. */
  phantom: number
  /** The first few of each kind per fleet and QoS. */
  examples: Example[]
  /** No marker, or the marker of another run. */
  foreign: number
  /** A marker of ours whose own checksum fails: it names no message. */
  damaged: number
  /** Retained copies delivered at subscription, left out of every other count. */
  retained: number
  health: ObserverHealth
}

/** Counts of one observer over some streams: expected = delivered + missing; missing = lost + unconfirmed + inconclusive. */
export interface DeliveryCounts {
  expected: number
  delivered: number
  missing: number
  late: number
  lost: number
  /** Missing, and never acknowledged: nobody promised them. */
  unconfirmed: number
  /** Missing, but the observer was blind when they may have passed. */
  inconclusive: number
  duplicates: number
  reordered: number
  maxExtent: number
  /** First receipts whose order could not be judged. */
  orderUnjudged: number
  corrupt: number
  phantom: number
  /** Rejected by the broker and delivered all the same. */
  abortedReads: number
  unresolved: number
}

export type ViolationKind =
  | 'lost'
  | 'duplicate'
  | 'reordered'
  | 'corrupt'
  | 'phantom'
  | 'aborted-read'
  | 'no-subscribers'

/** A promise that was broken, or (as an observation) a loss that the set-up allows. */
export interface Finding {
  kind: ViolationKind
  grade: 'violation' | 'observation'
  fleet: string
  qos: QoS
  count: number
  /** What it was counted among: acknowledged (QoS 0: sent), delivered or rejected messages. */
  of?: number
  /** Why this is, or is not, a broken promise; a sentence. */
  explanation: string
  /** Up to ten examples as device:publish:qos:epoch:seq. */
  examples: string[]
}

export type Label =
  | 'delivered'
  | 'not-sent'
  | 'sent-not-acknowledged'
  | 'rejected'
  | 'vanished-in-broker'
  | 'lost-at-qos-0'
  | 'inconclusive'

export type Attribution = Record<Label, number>

export const VERDICTS = ['pass', 'fail', 'inconclusive', 'invalid'] as const
export type Verdict = (typeof VERDICTS)[number]
