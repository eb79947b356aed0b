import { formatCount, formatMs, formatShare } from '../metrics/format.ts'
import type { FleetReport, Report } from './schema.ts'
import { counted, cut, listed } from './words.ts'

const MOST_FLEETS = 4

function row(what: string, count: number, remark: string): string {
  return `  ${what.padEnd(13)}${formatCount(count).padStart(11)}   ${remark}`.trimEnd()
}

function share(part: number, whole: number, of: string): string {
  return whole > 0 ? `${formatShare(part / whole)} of ${of}` : ''
}

function acknowledged({
  acked,
  sent,
  rejected,
  rejectedByCode,
  inDoubt,
  inDoubtByReason,
}: Report['books']): string {
  const qos0 = inDoubtByReason.qos0 ?? 0
  if (sent > 0 && qos0 === sent) return row('acknowledged', acked, 'QoS 0 asks for none')
  const parts = [share(acked, sent - qos0, qos0 > 0 ? 'sent at QoS 1 and 2' : 'sent')]
  if (rejected > 0) parts.push(`rejected: ${listed(rejectedByCode)}`)
  if (inDoubt > qos0) parts.push(`${formatCount(inDoubt - qos0)} in doubt`)
  return row('acknowledged', acked, parts.filter(Boolean).join(', '))
}

/** What is worth a word only when it happened. */
function oddities({ observers: { mqtt } }: Report): string[] {
  if (!mqtt) return []
  const { corrupt, phantom, foreign, damaged, late, unresolved } = mqtt
  const all = { corrupt, phantom, foreign, damaged, late, unresolved }
  return Object.entries(all)
    .filter(([, count]) => count > 0)
    .map(([what, count]) => `${what} ${formatCount(count)}`)
}

/** From generated to delivered, with what each step lost. */
export function messageLines(report: Report): string[] {
  const { books, observers } = report
  const { total, byReason } = books.notSent
  const sentRemark = share(books.sent, books.generated, 'generated')
  const lines = [
    'Messages',
    row('generated', books.generated, ''),
    row('sent', books.sent, total > 0 ? `${sentRemark}; not sent: ${listed(byReason)}` : sentRemark),
    acknowledged(books),
  ]
  const { mqtt } = observers
  if (!mqtt) return [...lines, '  delivered      not judged: the probe was off']
  const { expected, delivered, missing, lost, unconfirmed, inconclusive, duplicates, reordered } = mqtt
  const ends = missing > 0 ? ` (${listed({ lost, unconfirmed, inconclusive })})` : ''
  return [
    ...lines,
    row('delivered', delivered, share(delivered, expected, 'expected')),
    `  ${[
      `missing ${formatCount(missing)}${ends}`,
      `duplicates ${formatCount(duplicates)}`,
      `reordered ${formatCount(reordered)}`,
      ...oddities(report),
    ].join(' · ')}`,
  ]
}

/** p50, p95, p99 and max of what was measured. */
export function latencyLines({ latency }: Report): string[] {
  const { e2eFromIntended: e2e, ack } = latency
  const rows = [
    { what: 'end to end', remark: 'from the intended time', of: e2e },
    { what: 'acknowledged', remark: 'from sent', of: ack },
  ].filter(({ of }) => of.count > 0)
  if (rows.length === 0) return []
  const head = ['p50', 'p95', 'p99', 'max'].map((name) => name.padStart(10)).join('')
  const negative = e2e.negative + ack.negative
  return [
    `${'Latency'.padEnd(15)}${head}`,
    ...rows.map(({ what, remark, of }) => {
      const cells = [of.p50, of.p95, of.p99, of.max].map((ms) => formatMs(ms).padStart(10)).join('')
      return `  ${what.padEnd(13)}${cells}   ${remark}`
    }),
    ...(negative > 0 ? [`  ${counted(negative, 'value')} below zero left out: a clock jumped`] : []),
  ]
}

function fleetRow({ name, devices, books, observers: { mqtt } }: FleetReport): string {
  const cells = [devices, books.sent, mqtt?.delivered, mqtt?.lost, mqtt?.duplicates, mqtt?.reordered]
  const numbers = cells.map((cell, index) =>
    (cell === undefined ? '–' : formatCount(cell)).padStart(index < 3 ? 12 : 11),
  )
  return `  ${cut(name, 20).padEnd(20)}${numbers.join('')}`
}

/** One line a fleet, when there is more than one. */
export function fleetLines({ fleets }: Report): string[] {
  if (fleets.length < 2) return []
  const names = ['devices', 'sent', 'delivered', 'lost', 'duplicates', 'reordered']
  const head = names.map((name, index) => name.padStart(index < 3 ? 12 : 11)).join('')
  // What went wrong must not hide behind "and more": fleets with losses come first.
  const sorted = [...fleets].sort(
    (one, other) => (other.observers.mqtt?.missing ?? 0) - (one.observers.mqtt?.missing ?? 0),
  )
  const hidden = fleets.length - MOST_FLEETS
  return [
    `${'Fleets'.padEnd(22)}${head}`,
    ...sorted.slice(0, MOST_FLEETS).map(fleetRow),
    ...(hidden > 0 ? [`  and ${counted(hidden, 'more fleet', 'more fleets')} in the report`] : []),
  ]
}
