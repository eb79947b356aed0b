import type { Attribution, Books, DeliveryCounts } from '../../simulators/delivery/types.ts'
import type { LatencySummary } from '../../simulators/metrics/types.ts'
import type { FleetOutcome, Latencies, Outcome, RunOutcome } from '../../simulators/report/outcome.ts'

export function percentiles(count: number, p50: number): LatencySummary {
  if (count === 0)
    return { count, min: 0, p50: 0, p90: 0, p95: 0, p99: 0, p999: 0, max: 0, mean: 0, negative: 0 }
  return {
    count,
    min: p50 / 2,
    p50,
    p90: p50 * 2,
    p95: p50 * 3,
    p99: p50 * 4,
    p999: p50 * 5,
    max: p50 * 10,
    mean: p50 * 1.2,
    negative: 0,
  }
}

export function latencies(count: number): Latencies {
  return {
    connect: percentiles(count > 0 ? 50 : 0, 2),
    ack: percentiles(count, 0.6),
    e2eFromIntended: percentiles(count, 1.2),
    e2eFromSent: percentiles(count, 1),
  }
}

export function booksOf({ acked = 0, qos0 = 0, unacknowledged = 0, rejected = 0, offline = 0 }): Books {
  const sent = acked + qos0 + unacknowledged + rejected
  return {
    generated: sent + offline,
    notSent: { total: offline, byReason: offline > 0 ? { offline } : {} },
    sent,
    acked,
    rejected: { total: rejected, byCode: rejected > 0 ? { 'not authorised (0x87)': rejected } : {} },
    inDoubt: {
      total: qos0 + unacknowledged,
      byReason: { ...(qos0 > 0 && { qos0 }), ...(unacknowledged > 0 && { unacknowledged }) },
    },
  }
}

export function deliveryOf({ delivered = 0, lost = 0, unconfirmed = 0, inconclusive = 0 }): DeliveryCounts {
  const missing = lost + unconfirmed + inconclusive
  return {
    expected: delivered + missing,
    ...{ delivered, missing, lost, unconfirmed, inconclusive },
    late: 0,
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

export function attributionOf(books: Books, delivery: DeliveryCounts | null): Attribution {
  return {
    delivered: delivery?.delivered ?? 0,
    'not-sent': books.notSent.total,
    'sent-not-acknowledged': delivery?.unconfirmed ?? 0,
    rejected: books.rejected.total,
    'vanished-in-broker': delivery?.lost ?? 0,
    'lost-at-qos-0': 0,
    inconclusive: delivery?.inconclusive ?? 0,
  }
}

const TWELVE_THOUSAND = { acked: 12_000 }

/** A run of 50 devices on the embedded broker where all went well; `change` replaces what a test is about. */
export function runOutcome(change: Partial<RunOutcome> = {}): RunOutcome {
  const books = change.books ?? booksOf(TWELVE_THOUSAND)
  const delivery = change.delivery === undefined ? deliveryOf({ delivered: books.acked }) : change.delivery
  const outcome: Outcome = {
    books,
    connections: change.connections ?? {
      planned: 50,
      connected: 50,
      failures: 0,
      disconnects: 0,
      reconnects: 0,
      byReason: {},
      received: 0,
    },
    delivery,
    attribution: change.attribution ?? attributionOf(books, delivery),
    latency: change.latency ?? latencies(books.acked),
  }
  const fleet: FleetOutcome = { ...outcome, name: 'meters', devices: 50 }
  const point = {
    ...{ t: 1, target: 100, generated: 100, sent: 100, acked: 100, delivered: 99, connected: 50, behind: 0 },
    ...{ ackP50: 0.6, ackP99: 2.4, e2eP50: 1.2, e2eP99: null },
  }
  return {
    ...outcome,
    verdict: 'pass',
    reasons: [{ code: 'all-good', text: 'Every message that was promised arrived, once and in order.' }],
    identity: {
      run: 0x0badcafe,
      name: 'First run',
      startedAtMs: Date.UTC(2026, 10, 22, 14, 5),
      endedAtMs: Date.UTC(2026, 10, 22, 14, 6),
      durationMs: 60_000,
      interrupted: false,
      seed: 7,
      share: null,
      broker: { url: 'mqtt://127.0.0.1:41883', protocol: 5 },
    },
    probe: delivery && {
      ...{ foreign: 0, damaged: 0, retained: 0 },
      health: {
        connections: 1,
        reconnects: 0,
        blind: [],
        eventLoopDelayP99Ms: 2,
        cpu: 0.04,
        overloaded: false,
        grantedQos: 1,
      },
    },
    findings: [],
    generator: {
      behind: 0,
      behindShare: 0,
      lateness: percentiles(books.sent, 0.3),
      eventLoopDelayP99Ms: 3,
      saturated: false,
      bindingLimit: null,
      shards: [
        {
          shard: 0,
          devices: 50,
          cpu: 0.05,
          memoryBytes: 80_000_000,
          eventLoopDelayP99Ms: 3,
          ended: 'normally',
        },
      ],
    },
    thresholds: [],
    fleets: [fleet],
    series: { intervalS: 1, points: [point], perFleet: { meters: [point] } },
    events: [],
    eventsDropped: 0,
    source: { version: 1, fleets: [{ count: 50 }] },
    environment: {
      flotilla: '0.1.0',
      node: 'v20.20.2',
      platform: 'linux x64',
      cpu: 'Test CPU',
      cores: 2,
      memoryBytes: 8_000_000_000,
      clock: 'Durations by the monotonic clock; wall clock for labels only.',
    },
    ...change,
  }
}
