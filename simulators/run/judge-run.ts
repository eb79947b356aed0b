import type { ObserverReading } from '../delivery/types.ts'
import { judge, type VerdictInput } from '../delivery/verdict.ts'
import { evaluateThreshold, type ScopeFacts, type ThresholdFacts } from '../metrics/evaluate-threshold.ts'
import { busiestShardCpu } from '../metrics/health.ts'
import { parseThreshold } from '../metrics/thresholds.ts'
import type { GeneratorHealth, ThresholdResult } from '../metrics/types.ts'
import type { Targets } from '../plan/load.ts'
import type { Fleet, Profile } from '../profile/profile.ts'
import type { Conclusion } from './conclude.ts'
import type { FleetTotals } from './messages.ts'
import type { RunTally } from './run-tally.ts'
import { addTotals, emptyTotals } from './run-tally.ts'
import type { ShardRecord } from './shard-group.ts'

export interface JudgeFacts {
  profile: Profile
  targets: Targets
  tally: RunTally
  totals: readonly FleetTotals[]
  conclusion: Conclusion
  generator: GeneratorHealth
  reading: ObserverReading | null
  shards: readonly ShardRecord[]
  settled: boolean
  interrupted: boolean
  startFailure: string | null
  /** How the embedded broker died, if it did. */
  brokerDeath: string | null
  /** Per fleet: devices of this share that the plan had connect in the time that the run lasted. */
  planned: readonly number[]
  /** For how long messages were due, ms. */
  publishedMs: number
}

/** Judges every threshold of the profile. */
export function judgeThresholds(facts: JudgeFacts): ThresholdResult[] {
  return facts.profile.thresholds.map((settings) => {
    const { check, after } = typeof settings === 'string' ? { check: settings, after: 0 } : settings
    const parsed = parseThreshold(check)
    if (!parsed.ok) return { check, after, ok: null, actual: 'nothing to judge', explanation: parsed.message }
    return evaluateThreshold(parsed.threshold, thresholdFacts(facts, after), after)
  })
}

/** The verdict over everything a run has shown. */
export function judgeRun(facts: JudgeFacts, thresholds: ThresholdResult[]) {
  const { profile, conclusion, generator, reading, shards, settled, interrupted, startFailure, totals } =
    facts
  return judge({
    startFailure,
    brokerDeath: facts.brokerDeath,
    fleets: profile.fleets.map((fleet, index) => ({
      name: fleet.name,
      planned: facts.planned[index] ?? 0,
      connected: totals[index]?.everConnected ?? 0,
      publishes: fleet.publish.length > 0,
      books: conclusion.fleetBooks[index] ?? conclusion.books,
      counts: conclusion.attributed.fleets[index]?.counts ?? null,
    })),
    findings: conclusion.findings,
    thresholds,
    generator,
    deadShards: shards
      .filter(({ state }) => state === 'dead')
      .map(({ index, devices }) => ({ shard: index, devices })),
    observer: reading?.health ?? null,
    unproven: unprovenOf(profile, conclusion),
    settled,
    interrupted,
  })
}

/** Publish entries that the probe saw nothing of, over all QoS levels. */
function unprovenOf(profile: Profile, { attributed }: Conclusion): VerdictInput['unproven'] {
  const entries = new Map<string, { fleet: string; topic: string; expected: number; inconclusive: number }>()
  for (const { fleet, publish, counts, isProven } of attributed.groups) {
    if (isProven || counts.expected === 0) continue
    const settings = profile.fleets[fleet]
    const key = `${fleet}/${publish}`
    const entry = entries.get(key) ?? {
      fleet: settings?.name ?? '-',
      topic: settings?.publish[publish]?.topic ?? '-',
      expected: 0,
      inconclusive: 0,
    }
    entry.expected += counts.expected
    entry.inconclusive += counts.inconclusive
    entries.set(key, entry)
  }
  return [...entries.values()]
}

function thresholdFacts(facts: JudgeFacts, afterMs: number): ThresholdFacts {
  const { profile, generator } = facts
  const scopes = profile.fleets.map((fleet, index) => {
    const totals = facts.totals[index] ?? emptyTotals()
    return [fleet.name, scopeFacts(facts, afterMs, index, totals)] as const
  })
  const sum = emptyTotals()
  for (const totals of facts.totals) addTotals(sum, totals)
  return {
    total: scopeFacts(facts, afterMs, undefined, sum),
    fleets: new Map(scopes),
    machine: { eventLoopDelayP99Ms: generator.eventLoopDelayP99Ms, cpu: busiestShardCpu(generator.shards) },
  }
}

/** `fleet` undefined: all together. */
function scopeFacts(
  { profile, targets, tally, conclusion, publishedMs, reading }: JudgeFacts,
  afterMs: number,
  fleet: number | undefined,
  totals: FleetTotals,
): ScopeFacts {
  const judged = fleet === undefined ? conclusion.attributed.total : conclusion.attributed.fleets[fleet]
  const books = (fleet === undefined ? conclusion.books : conclusion.fleetBooks[fleet]) ?? conclusion.books
  const counts = judged?.counts
  const name = fleet === undefined ? undefined : profile.fleets[fleet]?.name
  const violations = conclusion.findings
    .filter((finding) => finding.grade === 'violation' && (name === undefined || finding.fleet === name))
    .reduce((sum, { count }) => sum + count, 0)
  const members = fleet === undefined ? [...profile.fleets.keys()] : [fleet]
  const hasTime = publishedMs > afterMs
  const rateOf = (rateHz: (member: number) => number) =>
    hasTime ? members.reduce((sum, member) => sum + rateHz(member), 0) : null
  const deliveredOf = (member: number) => conclusion.attributed.fleets[member]?.counts?.delivered ?? 0
  const pick = (latency: RunTally['ack']) =>
    fleet === undefined ? latency.total(afterMs) : latency.summary(fleet, afterMs)
  return {
    observed:
      reading === null ? 'none' : observedOf(members.flatMap((member) => profile.fleets[member] ?? [])),
    counts: {
      generated: books.generated,
      notSent: books.notSent.total,
      sent: books.sent,
      acked: books.acked,
      rejected: books.rejected.total,
      inDoubt: books.inDoubt.total,
      behind: totals.behind,
      connectFailures: totals.connectFailures,
      disconnects: totals.disconnects,
      reconnects: totals.reconnects,
      delivered: counts?.delivered ?? 0,
      missing: counts?.missing ?? 0,
      late: counts?.late ?? 0,
      lost: counts?.lost ?? 0,
      inconclusive: counts?.inconclusive ?? 0,
      duplicates: counts?.duplicates ?? 0,
      reordered: counts?.reordered ?? 0,
      corrupt: counts?.corrupt ?? 0,
      phantom: counts?.phantom ?? 0,
      violations,
      expected: counts?.expected ?? 0,
    },
    latencies: {
      connect: pick(tally.connect),
      ack: pick(tally.ack),
      e2e: pick(tally.e2e),
      e2eFromSent: pick(tally.e2eFromSent),
    },
    rateHz: rateOf((member) => tally.sentHz(member, afterMs, publishedMs)),
    deliveryRateHz: rateOf((member) => tally.deliveredHz(member, afterMs, publishedMs, deliveredOf(member))),
    targetRateHz: hasTime ? targets.meanRateHz(afterMs, publishedMs, fleet) : 0,
  }
}

/** How much of what some fleets publish carries a marker; all of nothing, when they publish nothing. */
function observedOf(fleets: readonly Fleet[]): ScopeFacts['observed'] {
  const entries = fleets.flatMap((fleet) => fleet.publish)
  const marked = entries.filter(({ marker }) => marker !== 'none').length
  if (marked === entries.length) return 'all'
  return marked > 0 ? 'part' : 'none'
}
