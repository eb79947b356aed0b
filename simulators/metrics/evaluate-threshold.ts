import { formatCount, formatMs, formatRate, formatShare } from './format.ts'
import {
  COUNT_METRICS,
  type CountName,
  LATENCY_METRICS,
  type LatencyName,
  RATE_METRICS,
} from './threshold-metrics.ts'
import { type Limit, metricName, type Operator, type Threshold } from './thresholds.ts'
import type { LatencySummary, ThresholdResult } from './types.ts'

/** What a run measured of one fleet, or of all together. */
export interface ScopeFacts {
  /** How much of what it publishes an observer could see: no probe, or no marker to know a message by, and it is none. */
  observed: 'all' | 'part' | 'none'
  /** Of the whole run. What only an observer can count is left out of the judgement when nothing was observed. */
  counts: Record<CountName, number> & { expected: number }
  /** After the warm-up. */
  latencies: Record<LatencyName, LatencySummary>
  /** Messages per second from the warm-up to the last that was due; null when no time was left. */
  rateHz: number | null
  deliveryRateHz: number | null
  /** What the plan owed per second over the same time. */
  targetRateHz: number
}

/** What a threshold is judged by. Latencies and rates are those after the threshold's warm-up. */
export interface ThresholdFacts {
  total: ScopeFacts
  fleets: ReadonlyMap<string, ScopeFacts>
  machine: {
    eventLoopDelayP99Ms: number
    /** Of the busiest shard, as a share of one core. */
    cpu: number
  }
}

type Judgement = Pick<ThresholdResult, 'ok' | 'actual' | 'explanation'>

/** Judges a threshold; `afterMs` is its warm-up, which the facts already leave out. */
export function evaluateThreshold(threshold: Threshold, facts: ThresholdFacts, afterMs = 0): ThresholdResult {
  const { check, fleet } = threshold
  const scope = fleet === undefined ? facts.total : facts.fleets.get(fleet)
  const judgement = scope ? judge(threshold, scope, facts) : unknown(`no fleet is named "${fleet}"`)
  return { check, after: afterMs, ...judgement }
}

function judge(threshold: Threshold, scope: ScopeFacts, facts: ThresholdFacts): Judgement {
  const { metric, operator, limit } = threshold
  if (needsObserver(threshold) && scope.observed === 'none') return unknown('no observer was watching')
  switch (metric.kind) {
    case 'count':
      return judgeCount(metric.name, scope, operator, limit)
    case 'latency': {
      const summary = scope.latencies[metric.name]
      const { noun, plural } = LATENCY_METRICS[metric.name]
      if (summary.count === 0) return unknown(`no ${noun}`)
      const basis = ` over ${formatCount(summary.count)} ${plural}`
      return compare(threshold, summary[metric.statistic], formatMs, basis)
    }
    case 'rate': {
      const rateHz = metric.name === 'rate' ? scope.rateHz : scope.deliveryRateHz
      if (rateHz === null) return unknown('the run ended before the warm-up was over')
      // The plan owes the messages that nobody can see as well.
      if (metric.name === 'deliveryRate' && limit.unit === 'target' && scope.observed === 'part')
        return unknown('only a part of the messages carries a marker to know it by')
      return judgeRate(threshold, RATE_METRICS[metric.name].noun, rateHz, scope.targetRateHz)
    }
    case 'machine':
      return metric.name === 'cpu'
        ? compare(threshold, facts.machine.cpu, formatShare, ' of one core in the busiest shard')
        : compare(threshold, facts.machine.eventLoopDelayP99Ms, formatMs, '')
  }
}

function needsObserver({ metric }: Threshold): boolean {
  switch (metric.kind) {
    case 'count':
      return COUNT_METRICS[metric.name].observed
    case 'latency':
      return LATENCY_METRICS[metric.name].observed
    case 'rate':
      return RATE_METRICS[metric.name].observed
    case 'machine':
      return false
  }
}

function judgeCount(name: CountName, scope: ScopeFacts, operator: Operator, limit: Limit): Judgement {
  const { noun, shareOf } = COUNT_METRICS[name]
  const count = scope.counts[name]
  const whole = shareOf === null ? 0 : scope.counts[shareOf]
  const bound = limit.unit === 'share' ? limit.share : limit.unit === 'number' ? limit.value : Number.NaN
  const scale = limit.unit === 'share' ? whole : 1
  if (scale === 0) return unknown(`no message was ${shareOf}`)
  const share = whole > 0 ? ` of ${formatCount(whole)} ${shareOf} (${formatShare(count / whole)})` : ''
  const what = `${formatCount(count)} ${noun}${share}`
  const actual = limit.unit === 'share' ? formatShare(count / whole) : formatCount(count)
  const ok = holds(count / scale, operator, bound)
  // Messages whose fate nobody saw may have been lost or delivered: a verdict that hangs on them is none.
  const unseen = name === 'lost' || name === 'delivered' ? scope.counts.inconclusive : 0
  if (unseen > 0 && mayDiffer(count / scale, (count + unseen) / scale, ok, operator, bound)) {
    return {
      ok: null,
      actual,
      explanation: `${what}, and the fate of ${formatCount(unseen)} more is unknown`,
    }
  }
  return { ok, actual, explanation: sentence(what, ok, operator, limit) }
}

/** Whether a value anywhere from `least` to `most` would be judged otherwise than `least` is. */
function mayDiffer(least: number, most: number, ok: boolean, operator: Operator, bound: number): boolean {
  return (
    ok !== holds(most, operator, bound) ||
    (least < bound && bound < most && ok !== holds(bound, operator, bound))
  )
}

function judgeRate(threshold: Threshold, noun: string, rateHz: number, targetRateHz: number): Judgement {
  const { operator, limit } = threshold
  if (limit.unit !== 'target') return compare(threshold, rateHz, formatRate, '')
  if (targetRateHz === 0) return unknown('nothing was due')
  const share = rateHz / targetRateHz
  const ok = holds(share, operator, limit.share)
  const what = `${formatRate(rateHz)} ${noun}, ${formatShare(share)} of the target of ${formatRate(targetRateHz)}`
  return { ok, actual: `${formatShare(share)} of target`, explanation: sentence(what, ok, operator, limit) }
}

/** Holds a measured value against the limit of a threshold. */
function compare(
  { metric, operator, limit }: Threshold,
  value: number,
  format: (value: number) => string,
  basis: string,
): Judgement {
  const ok = holds(value, operator, boundOf(limit))
  const what = `${metricName(metric)} was ${format(value)}${basis}`
  return { ok, actual: format(value), explanation: sentence(what, ok, operator, limit) }
}

function boundOf(limit: Limit): number {
  if (limit.unit === 'duration') return limit.ms
  return limit.unit === 'number' ? limit.value : limit.share
}

/** Twelve digits, because 0.7 % is not 7 / 1 000 to the last bit. */
const rounded = (value: number) => Number(value.toPrecision(12))

function holds(measured: number, operator: Operator, limit: number): boolean {
  const value = rounded(measured)
  const bound = rounded(limit)
  switch (operator) {
    case '<':
      return value < bound
    case '<=':
      return value <= bound
    case '>':
      return value > bound
    case '>=':
      return value >= bound
    case '==':
      return value === bound
    case '!=':
      return value !== bound
  }
}

function sentence(what: string, ok: boolean, operator: Operator, limit: Limit): string {
  const asked = `${operator} ${formatLimit(limit)}`
  return ok ? `${what}, as asked (${asked})` : `${what}, not ${asked}`
}

function formatLimit(limit: Limit): string {
  switch (limit.unit) {
    case 'number':
      return Number.isInteger(limit.value) ? formatCount(limit.value) : String(limit.value)
    case 'duration':
      return formatMs(limit.ms)
    case 'share':
      return formatShare(limit.share)
    case 'target':
      return `${formatShare(limit.share)} of target`
  }
}

function unknown(why: string): Judgement {
  return { ok: null, actual: 'nothing to judge', explanation: why }
}
