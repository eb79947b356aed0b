import type { Books, DeliveryCounts, Finding, ObserverHealth } from '../delivery/types.ts'
import { isRecord } from '../profile/problem.ts'
import { withoutSecrets } from '../profile/secrets.ts'
import type { FleetOutcome, RunIdentity, RunOutcome } from './outcome.ts'
import { type FleetReport, REPORT_VERSION, type Report } from './schema.ts'

function books({ generated, notSent, sent, acked, rejected, inDoubt }: Books): Report['books'] {
  return {
    generated,
    notSent: { total: notSent.total, byReason: { ...notSent.byReason } },
    sent,
    acked,
    rejected: rejected.total,
    rejectedByCode: { ...rejected.byCode },
    inDoubt: inDoubt.total,
    inDoubtByReason: { ...inDoubt.byReason },
  }
}

function graded(findings: Finding[], grade: Finding['grade']) {
  return findings
    .filter((finding) => finding.grade === grade)
    .map(({ kind, fleet, qos, count, explanation, examples }) => ({
      kind,
      fleet,
      qos,
      count,
      explanation,
      examples: [...examples],
    }))
}

function observed(counts: DeliveryCounts, findings: Finding[]) {
  const { expected, delivered, missing, late, lost, unconfirmed, inconclusive } = counts
  const { duplicates, reordered, maxExtent, orderUnjudged, corrupt, phantom, abortedReads, unresolved } =
    counts
  return {
    ...{ expected, delivered, missing, late, lost, unconfirmed, inconclusive },
    ...{ duplicates, reordered, maxExtent, orderUnjudged, corrupt, phantom, abortedReads, unresolved },
    violations: graded(findings, 'violation'),
    observations: graded(findings, 'observation'),
  }
}

/** JSON knows no Infinity: a blind span without an end has `toMs` null. */
function health(value: ObserverHealth) {
  const blind = value.blind.map(({ fromMs, toMs, why }) => ({
    fromMs,
    toMs: Number.isFinite(toMs) ? toMs : null,
    why,
  }))
  return { ...value, blind }
}

function fleetReport(fleet: FleetOutcome, findings: Finding[]): FleetReport {
  const own = findings.filter((finding) => finding.fleet === fleet.name)
  return {
    name: fleet.name,
    devices: fleet.devices,
    books: books(fleet.books),
    connections: fleet.connections,
    observers: { mqtt: fleet.delivery && observed(fleet.delivery, own) },
    attribution: fleet.attribution,
    latency: fleet.latency,
  }
}

function runReport(identity: RunIdentity): Report['run'] {
  const { name, durationMs, interrupted, seed, share, broker } = identity
  return {
    id: identity.run.toString(16).padStart(8, '0'),
    name,
    startedAt: new Date(identity.startedAtMs).toISOString(),
    endedAt: new Date(identity.endedAtMs).toISOString(),
    durationMs,
    interrupted,
    seed,
    shard: share && `${share.index}/${share.count}`,
    broker: { url: String(withoutSecrets(broker.url)), protocol: broker.protocol === 4 ? '3.1.1' : '5' },
  }
}

/** The report of a run: the same numbers under the names that readers of report.json rely on. */
export function buildReport(outcome: RunOutcome): Report {
  const { delivery, probe, findings } = outcome
  // Profiles with inline passwords do not run: this is the second lock on the same door.
  const source = withoutSecrets(outcome.source)
  return {
    kind: 'flotilla-report',
    version: REPORT_VERSION,
    verdict: outcome.verdict,
    reasons: outcome.reasons,
    run: runReport(outcome.identity),
    thresholds: outcome.thresholds,
    books: books(outcome.books),
    connections: outcome.connections,
    observers: {
      mqtt: delivery && probe && { ...observed(delivery, findings), ...probe, health: health(probe.health) },
    },
    attribution: outcome.attribution,
    latency: outcome.latency,
    generator: outcome.generator,
    fleets: outcome.fleets.map((fleet) => fleetReport(fleet, findings)),
    series: outcome.series,
    events: outcome.events,
    eventsDropped: outcome.eventsDropped,
    profile: isRecord(source) ? source : {},
    environment: outcome.environment,
  }
}
