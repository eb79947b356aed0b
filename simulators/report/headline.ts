import type { ViolationKind } from '../delivery/types.ts'
import { formatCount, formatShare } from '../metrics/format.ts'
import type { Report } from './schema.ts'
import { counted } from './words.ts'

/** Worst first: what a broken promise is called when it decides. */
const BROKEN: readonly [ViolationKind, (count: number) => string][] = [
  ['lost', (count) => `${counted(count, 'message')} lost`],
  ['corrupt', (count) => `${counted(count, 'message')} corrupt`],
  ['phantom', (count) => `${counted(count, 'message')} arrived that nobody sent`],
  ['duplicate', (count) => `${counted(count, 'duplicate')}`],
  ['reordered', (count) => `${counted(count, 'message')} reordered`],
  ['aborted-read', (count) => `${counted(count, 'message')} delivered though rejected`],
  ['no-subscribers', (count) => `${counted(count, 'message')} acknowledged without a subscriber`],
]

function brokenPromise({ observers }: Report): string | undefined {
  const violations = observers.mqtt?.violations ?? []
  for (const [kind, words] of BROKEN) {
    const count = violations.reduce((sum, each) => sum + (each.kind === kind ? each.count : 0), 0)
    if (count > 0) return words(count)
  }
  return undefined
}

function threshold({ thresholds }: Report, ok: false | null): string | undefined {
  const decided = thresholds.find((each) => each.ok === ok)
  return decided && `${decided.check}: ${decided.actual}`
}

function passed({ books, observers: { mqtt } }: Report): string {
  if (mqtt && mqtt.expected > 0)
    return `${formatCount(mqtt.delivered)} of ${counted(mqtt.expected, 'message')} delivered`
  if (books.acked > 0) return `${formatCount(books.acked)} of ${counted(books.sent, 'message')} acknowledged`
  return `${counted(books.sent, 'message')} sent`
}

function unjudged({ observers: { mqtt } }: Report): string | undefined {
  const count = mqtt?.inconclusive ?? 0
  return count > 0 ? `${counted(count, 'message')} could not be judged` : undefined
}

function unusable({ connections, generator }: Report): string | undefined {
  if (connections.planned > 0 && connections.connected === 0)
    return `0 of ${counted(connections.planned, 'device')} connected`
  if (generator.saturated) return `${formatShare(generator.behindShare)} of messages late by this machine`
  return undefined
}

/** The one number that decided. */
export function decidingNumber(report: Report): string {
  const fallback = report.reasons[0]?.text ?? ''
  switch (report.verdict) {
    case 'pass':
      return passed(report)
    case 'fail':
      return brokenPromise(report) ?? threshold(report, false) ?? fallback
    case 'inconclusive':
      return unjudged(report) ?? threshold(report, null) ?? fallback
    case 'invalid':
      return unusable(report) ?? fallback
  }
}
