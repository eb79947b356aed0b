import type { ObserverHealth, ObserverReading, StreamBook } from '../delivery/types.ts'
import type { EventKind } from '../device/device-context.ts'
import type { Closure } from '../device/ports.ts'
import type { ErrorCode } from '../errors.ts'
import type { Share } from '../plan/partition.ts'
import type { Profile } from '../profile/profile.ts'

/** An error on its way between processes. */
export interface WireError {
  code: ErrorCode
  message: string
  hint: string
}

/** What every worker of a run needs to know. Secrets are resolved: these messages never touch a disk or a command line. */
export interface RunFacts {
  run: number
  profile: Profile
  /** Folder that relative paths in the profile start from. */
  baseDir: string
  /** Port of the embedded broker on loopback, when the profile names no other. */
  embeddedPort: number | null
}

export type BrokerDown = { type: 'listen'; host: '127.0.0.1' } | { type: 'stop' }
export type BrokerUp = { type: 'listening'; port: number } | { type: 'failed'; error: WireError }

export type ProbeDown =
  | { type: 'subscribe'; facts: RunFacts }
  /** Time zero of the run on the machine's monotonic clock (process.hrtime), ms. */
  | { type: 'run-started'; zeroMs: number; warmUps: number[] }
  | { type: 'draining' }
  | { type: 'read' }
  | { type: 'stop' }

export type ProbeUp =
  | { type: 'subscribed'; health: ObserverHealth }
  | { type: 'failed'; error: WireError }
  | { type: 'sample'; sample: ProbeSample }
  | { type: 'reading'; reading: ObserverReading; latency: FleetLatencies[] }

/** Four times a second. Counts are totals since the start; histograms cover the time since the last sample. */
export interface ProbeSample {
  /** ms since the start of the run. */
  t: number
  /** Per fleet. */
  delivered: number[]
  duplicates: number[]
  reordered: number[]
  missing: number[]
  foreign: number
  damaged: number
  /** Time of the last arrival that belongs to this run, ms since its start; -1 before the first. */
  lastArrivalMs: number
  blindSinceMs: number | null
  /** Encoded histograms of this interval, per fleet: from intended, in microseconds. */
  e2e: (Uint8Array | null)[]
}

/** Encoded histograms (microseconds) of one fleet over the whole run, and after each warm-up that a threshold asks for. */
export interface FleetLatencies {
  fromIntended: Uint8Array
  fromSent: Uint8Array
  /** One per warm-up of `run-started`, from intended and from sent, by intended time of the message. */
  afterWarmUp: { fromIntended: Uint8Array; fromSent: Uint8Array }[]
}

/** Time after the last message is due in which what waits and what is in flight may still get its answer. */
export const QUIESCE_MS = 10_000

export type ShardDown =
  | { type: 'prepare'; facts: RunFacts; share: Share }
  | { type: 'start'; zeroMs: number; wallZeroMs: number }
  /** Publish nothing more, give what is in flight so much time, then hand over the books. */
  | { type: 'drain'; quiesceMs: number }
  | { type: 'stop' }

export type ShardUp =
  | { type: 'ready'; devices: number }
  | { type: 'failed'; error: WireError }
  | { type: 'sample'; sample: ShardSample }
  /** The books of some streams; several of these, then `done`. */
  | { type: 'books'; books: StreamBook[] }
  | { type: 'done'; sample: ShardSample }

/** Totals of one fleet in one shard since the start of the run, unless it says "now". */
export interface FleetTotals {
  generated: number
  notSent: number
  sent: number
  sentQos0: number
  acked: number
  rejected: number
  behind: number
  /** Connected now. */
  connected: number
  /** Devices that were connected at least once. */
  everConnected: number
  connectFailures: number
  /** Connections that ended without the plan asking for it. */
  disconnects: number
  reconnects: number
  /** Messages received on the devices' own subscriptions. */
  received: number
  /** Messages waiting in the devices now. */
  waiting: number
  /** Acknowledged with "no matching subscribers" (0x10). */
  ackedWithoutSubscriber: number
}

/** Four times a second. Histograms (microseconds) cover the time since the last sample; null when nothing was recorded. */
export interface ShardSample {
  /** ms since the start of the run. */
  t: number
  fleets: FleetTotals[]
  ack: (Uint8Array | null)[]
  connect: (Uint8Array | null)[]
  lateness: Uint8Array | null
  events: EventCount[]
  droppedEvents: number
  eventLoopDelayP99Ms: number
  /** CPU time of the process since the start of the run, ms. */
  cpuMs: number
  memoryBytes: number
}

/** Equal things that happened to devices of one fleet since the last sample. */
export interface EventCount {
  fleet: number
  kind: EventKind
  /** How a connection, or an attempt at one, ended; null for all else. */
  closure: Closure['kind'] | null
  text: string
  count: number
  firstMs: number
  /** Name of the first device concerned. */
  device: string
}
