import type {
  Attribution,
  Books,
  DeliveryCounts,
  Finding,
  ObserverHealth,
  Verdict,
} from '../delivery/types.ts'
import type { GeneratorHealth, LatencySummary, SeriesPoint, ThresholdResult } from '../metrics/types.ts'

/** How the devices fared as clients; `byReason` holds failures and disconnects in words. */
export interface ConnectionCounts {
  planned: number
  /** Devices that were connected at least once. */
  connected: number
  failures: number
  disconnects: number
  reconnects: number
  byReason: Record<string, number>
  /** Messages received on the devices' own subscriptions. */
  received: number
}

export interface Latencies {
  connect: LatencySummary
  ack: LatencySummary
  e2eFromIntended: LatencySummary
  e2eFromSent: LatencySummary
}

/** What a run knows of one fleet, and of all together. */
export interface Outcome {
  books: Books
  connections: ConnectionCounts
  /** What the probe saw; null when it is off. */
  delivery: DeliveryCounts | null
  attribution: Attribution
  latency: Latencies
}

export interface FleetOutcome extends Outcome {
  name: string
  devices: number
}

export interface RunEvent {
  tMs: number
  kind: string
  text: string
  count: number
  fleet?: string
}

/** What the probe saw beyond messages of ours, and how well it was. */
export interface ProbeOutcome {
  foreign: number
  damaged: number
  retained: number
  health: ObserverHealth
}

export interface RunIdentity {
  /** Random 32 bits that name the run. */
  run: number
  name: string
  startedAtMs: number
  endedAtMs: number
  /** By the monotonic clock. */
  durationMs: number
  interrupted: boolean
  seed: number
  /** Index from 1, as in --shard 2/8. */
  share: { index: number; count: number } | null
  broker: { url: string; protocol: 4 | 5 }
}

export interface Environment {
  flotilla: string
  node: string
  platform: string
  cpu: string
  cores: number
  memoryBytes: number
  clock: string
}

/** Everything a run hands over when it ends; `buildReport` makes the report of it. */
export interface RunOutcome extends Outcome {
  verdict: Verdict
  reasons: { code: string; text: string }[]
  identity: RunIdentity
  /** null exactly when `delivery` is. */
  probe: ProbeOutcome | null
  findings: Finding[]
  generator: GeneratorHealth
  thresholds: ThresholdResult[]
  fleets: FleetOutcome[]
  series: { intervalS: number; points: SeriesPoint[]; perFleet: Record<string, SeriesPoint[]> }
  events: RunEvent[]
  eventsDropped: number
  /** The profile as it stood in the file, with overrides applied: references to secrets, never values. */
  source: unknown
  environment: Environment
}
