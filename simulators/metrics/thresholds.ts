import { nearest } from '../profile/nearest.ts'
import { parseDuration, parseFrequency, parseShare } from '../profile/quantity.ts'
import {
  COUNT_METRICS,
  LATENCY_METRICS,
  type Metric,
  metricNames,
  parseMetric,
  STATISTICS,
} from './threshold-metrics.ts'

export const OPERATORS = ['<=', '>=', '==', '!=', '<', '>'] as const
export type Operator = (typeof OPERATORS)[number]

/** What the metric is held against. Durations in ms, shares as fractions. */
export type Limit =
  | { unit: 'number'; value: number }
  | { unit: 'duration'; ms: number }
  | { unit: 'share'; share: number }
  | { unit: 'target'; share: number }

/** A condition that a run must meet: `[fleet.]metric op value [of target]`. */
export interface Threshold {
  /** As it was written. */
  check: string
  /** The fleet it judges; undefined for all together. */
  fleet: string | undefined
  metric: Metric
  operator: Operator
  limit: Limit
}

export type ParsedThreshold = { ok: true; threshold: Threshold } | { ok: false; message: string }

const SHAPE = /^\s*([^\s<>=!]+)\s*(<=|>=|==|!=|=<|=>|<|>|=)\s*(\S+)\s*(of\s+target)?\s*$/
const NUMBER = /^-?\d+(?:\.\d+)?$/

/** Reads a threshold; the message of a failure says what to write instead. */
export function parseThreshold(text: string): ParsedThreshold {
  const match = SHAPE.exec(text)
  const [, name = '', sign = '', value = '', ofTarget] = match ?? []
  if (!match) {
    return fail(
      `"${text}" is no threshold; write [fleet.]metric, an operator and a value, such as "e2e.p99 < 250ms"`,
    )
  }
  const operator = OPERATORS.find((known) => known === sign)
  if (!operator) return fail(`"${sign}" is no operator; write one of ${OPERATORS.join(' ')}`)
  const found = findMetric(name)
  if (!found) return fail(explainMetric(name))
  const { metric, fleet } = found
  if (metric.kind === 'machine' && fleet !== undefined) {
    return fail(`${metric.name} is of the whole machine: leave out "${fleet}."`)
  }
  const limit = parseLimit(value, ofTarget !== undefined)
  if (!limit) return fail(`"${value}" is no value; write a number, a duration ("250ms") or a share ("1%")`)
  const mismatch = explainUnit(metric, metricName(metric), operator, value, limit)
  if (mismatch) return fail(mismatch)
  return { ok: true, threshold: { check: text, fleet, metric, operator, limit: limitFor(metric, limit) } }
}

/** What is wrong with a threshold of a profile with these fleets; undefined when nothing is. */
export function checkThreshold(text: string, fleetNames: readonly string[]): string | undefined {
  const parsed = parseThreshold(text)
  if (!parsed.ok) return parsed.message
  const { fleet } = parsed.threshold
  if (fleet === undefined || fleetNames.includes(fleet)) return undefined
  const near = nearest(fleet, fleetNames)
  const help = near ? `did you mean "${near}"?` : `the fleets are ${fleetNames.join(', ')}`
  return `no fleet is named "${fleet}"; ${help}`
}

/** The distinct warm-ups (ms, without 0) that thresholds ask for, ascending. */
export function warmUpsOf(thresholds: readonly (string | { check: string; after: number })[]): number[] {
  const warmUps = thresholds.map((threshold) => (typeof threshold === 'string' ? 0 : threshold.after))
  return [...new Set(warmUps)].filter((ms) => ms > 0).sort((a, b) => a - b)
}

/** A metric as it is written. */
export function metricName(metric: Metric): string {
  if (metric.kind === 'latency') return `${metric.name}.${metric.statistic}`
  return metric.name === 'eventLoopDelay' ? 'eventLoopDelay.p99' : metric.name
}

function fail(message: string): ParsedThreshold {
  return { ok: false, message }
}

/** A metric by its full name, or behind the name of a fleet. Metrics win, so that a fleet named "e2e" hides nothing. */
function findMetric(name: string): { metric: Metric; fleet: string | undefined } | undefined {
  const plain = parseMetric(name)
  if (plain) return { metric: plain, fleet: undefined }
  const dot = name.indexOf('.')
  const metric = dot > 0 ? parseMetric(name.slice(dot + 1)) : undefined
  return metric && { metric, fleet: name.slice(0, dot) }
}

function explainMetric(name: string): string {
  const parts = name.split('.')
  const last = parts.at(-1) ?? ''
  if (Object.hasOwn(LATENCY_METRICS, last)) {
    return `${last} is a distribution: say which value of it, such as ${last}.p99 (${STATISTICS.join(' ')})`
  }
  if (last === 'eventLoopDelay') return 'write eventLoopDelay.p99'
  const known = metricNames()
  // The first part may be a fleet, so the name is tried with and without it.
  const near =
    nearest(name, known) ?? (parts.length > 1 ? nearest(parts.slice(1).join('.'), known) : undefined)
  return near
    ? `there is no metric "${name}"; did you mean "${near}"?`
    : `there is no metric "${name}"; the metrics are ${Object.keys(COUNT_METRICS).join(', ')}, rate, deliveryRate, connect.*, ack.*, e2e.*, e2eFromSent.*, eventLoopDelay.p99 and cpu`
}

function parseLimit(text: string, ofTarget: boolean): Limit | undefined {
  const share = parseShare(text)
  if (share !== undefined) return ofTarget ? { unit: 'target', share } : { unit: 'share', share }
  if (ofTarget) return undefined
  const ms = parseDuration(text)
  if (ms !== undefined) return { unit: 'duration', ms }
  const value = NUMBER.test(text) ? Number(text) : parseFrequency(text)
  return value === undefined ? undefined : { unit: 'number', value }
}

/** Why a value does not suit a metric; undefined when it does. */
function explainUnit(
  metric: Metric,
  name: string,
  op: string,
  text: string,
  limit: Limit,
): string | undefined {
  const isFrequency = limit.unit === 'number' && !NUMBER.test(text)
  if (metric.kind === 'latency' || metric.name === 'eventLoopDelay') {
    if (limit.unit === 'duration') return undefined
    const ms = limit.unit === 'number' && !isFrequency && limit.value >= 0 ? limit.value : 250
    return `${name} is a duration: write "${name} ${op} ${ms}ms"`
  }
  if (limit.unit === 'duration') return `${name} is no duration: write a number instead of "${text}"`
  if (metric.kind === 'rate') {
    if (limit.unit !== 'share') return undefined
    return `a share of what? write "${name} ${op} ${text} of target"`
  }
  if (limit.unit === 'target') return 'only rate and deliveryRate have a target'
  if (isFrequency) return `${name} is no rate: write a number instead of "${text}"`
  if (metric.kind === 'count' && limit.unit === 'share' && COUNT_METRICS[metric.name].shareOf === null) {
    return `${name} is a number of ${COUNT_METRICS[metric.name].noun}: write a number instead of "${text}"`
  }
  return undefined
}

/** CPU is a share of one core, so 0.8 and 80% are the same. */
function limitFor(metric: Metric, limit: Limit): Limit {
  if (metric.name === 'cpu' && limit.unit === 'number') return { unit: 'share', share: limit.value }
  return limit
}
