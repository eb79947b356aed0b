/** A count that a threshold may judge. */
interface CountMetric {
  /** What is counted, for sentences: "12 messages lost". */
  noun: string
  /** What a percentage of it means; null when none makes sense. */
  shareOf: 'generated' | 'sent' | 'expected' | null
  /** Needs an observer. */
  observed: boolean
}

const generator = (noun: string, shareOf: CountMetric['shareOf']): CountMetric => ({
  noun,
  shareOf,
  observed: false,
})
const observed = (noun: string, shareOf: CountMetric['shareOf'] = 'expected'): CountMetric => ({
  noun,
  shareOf,
  observed: true,
})

export const COUNT_METRICS = {
  generated: generator('messages generated', null),
  notSent: generator('messages not sent', 'generated'),
  sent: generator('messages sent', 'generated'),
  acked: generator('messages acknowledged', 'sent'),
  rejected: generator('messages rejected', 'sent'),
  inDoubt: generator('messages in doubt', 'sent'),
  behind: generator('messages behind', 'generated'),
  connectFailures: generator('failed connection attempts', null),
  disconnects: generator('disconnects', null),
  reconnects: generator('reconnects', null),
  delivered: observed('messages delivered'),
  missing: observed('messages missing'),
  late: observed('messages late'),
  lost: observed('messages lost'),
  inconclusive: observed('messages whose fate is unknown'),
  duplicates: observed('duplicates'),
  reordered: observed('messages reordered'),
  corrupt: observed('messages corrupt'),
  phantom: observed('phantom messages'),
  violations: observed('contract violations', null),
} as const satisfies Record<string, CountMetric>

export const LATENCY_METRICS = {
  connect: { noun: 'connection was made', plural: 'connections', observed: false },
  ack: { noun: 'message was acknowledged', plural: 'messages', observed: false },
  e2e: { noun: 'message was delivered', plural: 'messages', observed: true },
  e2eFromSent: { noun: 'message was delivered', plural: 'messages', observed: true },
} as const

export const RATE_METRICS = {
  rate: { noun: 'sent', observed: false },
  deliveryRate: { noun: 'delivered', observed: true },
} as const

export const STATISTICS = ['min', 'mean', 'p50', 'p90', 'p95', 'p99', 'p999', 'max'] as const

export type CountName = keyof typeof COUNT_METRICS
export type LatencyName = keyof typeof LATENCY_METRICS
export type RateName = keyof typeof RATE_METRICS
export type Statistic = (typeof STATISTICS)[number]

/** What a threshold judges. */
export type Metric =
  | { kind: 'count'; name: CountName }
  | { kind: 'latency'; name: LatencyName; statistic: Statistic }
  | { kind: 'rate'; name: RateName }
  /** Of this machine, not of a fleet. */
  | { kind: 'machine'; name: 'eventLoopDelay' | 'cpu' }

const isKey = <Table extends object>(table: Table, name: string): name is keyof Table & string =>
  Object.hasOwn(table, name)

/** Reads the name of a metric; undefined when there is none of that name. */
export function parseMetric(text: string): Metric | undefined {
  if (isKey(COUNT_METRICS, text)) return { kind: 'count', name: text }
  if (isKey(RATE_METRICS, text)) return { kind: 'rate', name: text }
  if (text === 'cpu') return { kind: 'machine', name: 'cpu' }
  if (text === 'eventLoopDelay.p99') return { kind: 'machine', name: 'eventLoopDelay' }
  const [name = '', last = '', ...more] = text.split('.')
  const statistic = STATISTICS.find((known) => known === last)
  if (isKey(LATENCY_METRICS, name) && statistic && more.length === 0)
    return { kind: 'latency', name, statistic }
  return undefined
}

/** Every name that `parseMetric` knows. */
export function metricNames(): string[] {
  const latencies = Object.keys(LATENCY_METRICS).flatMap((name) =>
    STATISTICS.map((statistic) => `${name}.${statistic}`),
  )
  return [
    ...Object.keys(COUNT_METRICS),
    ...Object.keys(RATE_METRICS),
    ...latencies,
    'eventLoopDelay.p99',
    'cpu',
  ]
}
