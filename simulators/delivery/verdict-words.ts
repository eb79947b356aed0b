import type { BlindSpan, Finding, ViolationKind } from './types.ts'

const SAID: Record<ViolationKind, (count: string, of: string) => string> = {
  lost: (count, of) => `${count}${of} acknowledged messages never reached the probe`,
  duplicate: (count, of) => `${count} extra copies${of} messages reached the probe`,
  reordered: (count, of) => `${count}${of} messages reached the probe after a later one`,
  corrupt: (count, of) => `${count}${of} messages reached the probe with a changed payload`,
  phantom: (count) => `${count} messages reached the probe that no device sent`,
  'aborted-read': (count, of) => `${count}${of} rejected messages reached the probe all the same`,
  'no-subscribers': (count) => `${count} messages were acknowledged as having no subscribers`,
}

/** A count with thin groups of three: 2 000. */
export function amount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+(?!\d))/g, ' ')
}

/** A count and its noun. */
export function plural(count: number, noun: string): string {
  return `${amount(count)} ${noun}${count === 1 ? '' : 's'}`
}

/** A finding in one sentence with its numbers. */
export function findingReason({ kind, fleet, qos, count, of }: Finding): { code: string; text: string } {
  const among = of === undefined || of === 0 ? '' : ` of ${amount(of)}`
  const place = fleet === '-' ? '' : ` (fleet ${fleet}, QoS ${qos})`
  return { code: kind, text: `${SAID[kind](amount(count), among)}${place}` }
}

/** When an observer was blind, in seconds of the run. */
export function spans(blind: readonly BlindSpan[]): string {
  const said = blind.slice(0, 3).map(({ fromMs, toMs, why }) => {
    const end = Number.isFinite(toMs) ? `${seconds(toMs)} s` : 'the end'
    return `${seconds(fromMs)} s to ${end}: ${why}`
  })
  return blind.length > 3 ? `${said.join('; ')}; and ${blind.length - 3} more` : said.join('; ')
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(1)
}
