import { assessGenerator } from '../metrics/health.ts'
import type { ShardHealth } from '../metrics/types.ts'
import type { Targets } from '../plan/load.ts'
import type { Profile } from '../profile/profile.ts'
import type {
  ConnectionCounts,
  Environment,
  Latencies,
  Outcome,
  RunIdentity,
  RunOutcome,
} from '../report/outcome.ts'
import { type Conclusion, conclude } from './conclude.ts'
import { judgeRun, judgeThresholds } from './judge-run.ts'
import type { FleetTotals } from './messages.ts'
import type { ProbeReading } from './probe-client.ts'
import type { RunRecord } from './run-record.ts'
import type { RunTally } from './run-tally.ts'
import type { ShardRecord } from './shard-group.ts'

export interface OutcomeFacts {
  profile: Profile
  /** Of the share of this machine. */
  targets: Targets
  source: unknown
  identity: RunIdentity
  environment: Environment
  record: RunRecord
  shards: readonly ShardRecord[]
  probe: ProbeReading | null
  settled: boolean
  startFailure: string | null
  /** How the embedded broker died, if it did. */
  brokerDeath: string | null
  planned: readonly number[]
  publishedMs: number
}

/** Everything that a run hands over, from everything that was heard of it. */
export function buildOutcome(facts: OutcomeFacts): RunOutcome {
  const { profile, identity, record, shards, probe, settled, startFailure, planned, publishedMs } = facts
  const { tally, series, events } = record
  const reading = probe?.reading ?? null
  const totals = profile.fleets.map((_, fleet) => tally.totals(fleet))
  probe?.latency.forEach(({ fromIntended, fromSent, afterWarmUp }, fleet) => {
    const part = (pick: 'fromIntended' | 'fromSent') => afterWarmUp.map((after) => after[pick])
    tally.e2e.mergeParts(fleet, fromIntended, part('fromIntended'))
    tally.e2eFromSent.mergeParts(fleet, fromSent, part('fromSent'))
  })
  const slowestMs = profile.fleets.map((_, fleet) => tally.e2eFromSent.summary(fleet).max)
  const conclusion = conclude({ profile, shards, reading, settled, slowestMs, totals })
  const generator = assessGenerator({
    behind: tally.grandTotals().behind,
    generated: conclusion.books.generated,
    lateness: tally.lateness.total(),
    shards: shards.map((shard) => shardHealth(shard)),
    cores: facts.environment.cores,
  })
  const { interrupted } = identity
  const base = {
    profile,
    targets: facts.targets,
    tally,
    totals,
    conclusion,
    generator,
    reading,
    shards,
    settled,
  }
  const judged = { ...base, interrupted, startFailure, brokerDeath: facts.brokerDeath, planned, publishedMs }
  const thresholds = judgeThresholds(judged)
  const { verdict, reasons, findings } = judgeRun(judged, thresholds)
  const points = (fleet?: number) => series.points(fleet)
  return {
    ...outcomeOf(facts, conclusion, totals, undefined),
    verdict,
    reasons,
    findings,
    identity,
    generator,
    thresholds,
    probe: reading && {
      foreign: reading.foreign,
      damaged: reading.damaged,
      retained: reading.retained,
      health: reading.health,
    },
    fleets: profile.fleets.map((fleet, index) => ({
      name: fleet.name,
      devices: planned[index] ?? 0,
      ...outcomeOf(facts, conclusion, totals, index),
    })),
    series: {
      intervalS: series.intervalS,
      points: points(),
      perFleet: Object.fromEntries(profile.fleets.map((fleet, index) => [fleet.name, points(index)])),
    },
    events: events.list,
    eventsDropped: events.dropped,
    source: facts.source,
    environment: facts.environment,
  }
}

/** `fleet` undefined: all together. */
function outcomeOf(
  { record, planned }: OutcomeFacts,
  { attributed, books, fleetBooks }: Conclusion,
  totals: readonly FleetTotals[],
  fleet: number | undefined,
): Outcome {
  const { tally, events } = record
  const judged = fleet === undefined ? attributed.total : (attributed.fleets[fleet] ?? attributed.total)
  const members = fleet === undefined ? [...totals.keys()] : [fleet]
  const pick = (latency: RunTally['ack']) => (fleet === undefined ? latency.total() : latency.summary(fleet))
  const latency: Latencies = {
    connect: pick(tally.connect),
    ack: pick(tally.ack),
    e2eFromIntended: pick(tally.e2e),
    e2eFromSent: pick(tally.e2eFromSent),
  }
  const connections: ConnectionCounts = {
    planned: 0,
    connected: 0,
    failures: 0,
    disconnects: 0,
    reconnects: 0,
    byReason: {},
    received: 0,
  }
  for (const member of members) {
    const own = totals[member]
    if (!own) continue
    connections.planned += planned[member] ?? 0
    connections.connected += own.everConnected
    connections.failures += own.connectFailures
    connections.disconnects += own.disconnects
    connections.reconnects += own.reconnects
    connections.received += own.received
    for (const [text, count] of Object.entries(events.reasons(member))) {
      connections.byReason[text] = (connections.byReason[text] ?? 0) + count
    }
  }
  return {
    books: (fleet === undefined ? books : fleetBooks[fleet]) ?? books,
    connections,
    delivery: judged.counts,
    attribution: judged.attribution,
    latency,
  }
}

function shardHealth({ index, devices, last, peakMemoryBytes, state }: ShardRecord): ShardHealth {
  return {
    shard: index,
    devices,
    cpu: last && last.t > 0 ? last.cpuMs / last.t : 0,
    memoryBytes: peakMemoryBytes,
    eventLoopDelayP99Ms: last?.eventLoopDelayP99Ms ?? 0,
    ended: state === 'dead' ? 'killed' : 'normally',
  }
}
