import { formatCount, formatMs, formatShare } from '../metrics/format.ts'
import { decidingNumber } from './headline.ts'
import type { Report } from './schema.ts'
import { fleetLines, latencyLines, messageLines } from './summary-messages.ts'
import { counted, cut, type Paint, plain, VERDICT_SIGNS, wrap } from './words.ts'

const COLUMNS = 100
const LABEL = 12
const MOST_REASONS = 3
const MOST_THRESHOLDS = 6
const MOST_CLOSURES = 2

/** A label in the margin and lines of text beside it. */
function beside(label: string, lines: string[]): string[] {
  return lines.map((line, index) => `${(index === 0 ? label : '').padEnd(LABEL)}${line}`)
}

function paragraph(label: string, text: string): string[] {
  return beside(label, wrap(text, COLUMNS - LABEL))
}

function headLines(report: Report, paint: Paint): string[] {
  const { verdict, run } = report
  const sign = paint(verdict, `${VERDICT_SIGNS[verdict]} ${verdict.toUpperCase()}`)
  const number = cut(decidingNumber(report), COLUMNS - verdict.length - 4)
  const facts = [
    run.name,
    counted(report.connections.planned, 'device'),
    `${run.broker.url} (MQTT ${run.broker.protocol})`,
    `${formatMs(run.durationMs)}${run.interrupted ? ', stopped by hand' : ''}`,
    ...(run.shard ? [`shard ${run.shard}`] : []),
  ]
  return [`${sign}  ${paint('strong', number)}`, paint('muted', cut(facts.join(' · '), COLUMNS))]
}

function whyLines({ reasons }: Report): string[] {
  const shown = reasons.slice(0, MOST_REASONS).flatMap(({ text }) => wrap(text, COLUMNS - LABEL))
  const hidden = reasons.length - MOST_REASONS
  if (hidden > 0) shown.push(`and ${counted(hidden, 'more reason', 'more reasons')} in the report`)
  return beside('Why', shown)
}

function thresholdLines({ thresholds }: Report, paint: Paint): string[] {
  if (thresholds.length === 0) return []
  const rank = (ok: boolean | null) => (ok === false ? 0 : ok === null ? 1 : 2)
  const shown = [...thresholds].sort((one, other) => rank(one.ok) - rank(other.ok)).slice(0, MOST_THRESHOLDS)
  const width = Math.min(60, Math.max(...shown.map(({ check }) => check.length)))
  const rows = shown.map(({ check, ok, actual, after }) => {
    const verdict = ok === null ? 'inconclusive' : ok ? 'pass' : 'fail'
    const warmUp = after > 0 ? ` after ${formatMs(after)}` : ''
    const room = COLUMNS - width - 6
    return `  ${paint(verdict, VERDICT_SIGNS[verdict])} ${cut(check, width).padEnd(width)}  ${cut(`${actual}${warmUp}`, room)}`
  })
  const hidden = thresholds.length - MOST_THRESHOLDS
  if (hidden > 0) rows.push(`  and ${counted(hidden, 'more')} in the report`)
  return ['Thresholds', ...rows]
}

function connectionLines({ connections }: Report): string[] {
  const { planned, connected, failures, disconnects, reconnects, received, byReason } = connections
  const parts = [`${formatCount(connected)} of ${counted(planned, 'device')} connected`]
  if (failures > 0) parts.push(counted(failures, 'failed attempt'))
  if (disconnects > 0) parts.push(counted(disconnects, 'disconnect'))
  if (reconnects > 0) parts.push(counted(reconnects, 'reconnect'))
  if (received > 0) parts.push(`${counted(received, 'message')} received by devices`)
  const closures = Object.entries(byReason)
    .sort(([, one], [, other]) => other - one)
    .slice(0, MOST_CLOSURES)
    .map(([text, count]) => cut(`${formatCount(count)} × ${text}`, COLUMNS - LABEL))
  return beside('Connections', [...wrap(parts.join(', '), COLUMNS - LABEL), ...closures])
}

function generatorLines({ generator }: Report): string[] {
  const { behind, behindShare, saturated, bindingLimit, shards, eventLoopDelayP99Ms } = generator
  const share = behind > 0 ? ` (${formatShare(behindShare)})` : ''
  const figures = `${counted(behind, 'message')} behind${share}, event-loop delay p99 ${formatMs(eventLoopDelayP99Ms)}`
  const limit = bindingLimit ? ` The limit: ${bindingLimit}.` : ''
  const killed = shards.filter(({ ended }) => ended === 'killed')
  const devices = killed.reduce((sum, shard) => sum + shard.devices, 0)
  return [
    ...paragraph(
      'Generator',
      saturated ? `This machine was the limit: ${figures}.${limit}` : `This machine kept up: ${figures}.`,
    ),
    ...(killed.length > 0
      ? paragraph(
          '',
          `${counted(killed.length, 'shard')} of ${shards.length} died with ${counted(devices, 'device')}; of these the last known counts are shown.`,
        )
      : []),
  ]
}

/** Nothing while the probe was well. */
function probeLines({ observers: { mqtt }, run }: Report): string[] {
  if (!mqtt) return []
  const { blind, overloaded } = mqtt.health
  const blindMs = blind.reduce((sum, { fromMs, toMs }) => sum + (toMs ?? run.durationMs) - fromMs, 0)
  const why = [...new Set(blind.map((span) => span.why))].join('; ')
  return [
    ...(blind.length > 0
      ? paragraph('Probe', `It was blind for ${formatMs(Math.max(0, blindMs))}: ${why}.`)
      : []),
    ...(overloaded ? paragraph('Probe', 'It was too slow to be believed.') : []),
  ]
}

function section(lines: string[]): string[] {
  return lines.length > 0 ? ['', ...lines] : []
}

/** What a run has to say to a tired person: the verdict first, then why, then the figures. `path` is where report.json went. */
export function summarize(report: Report, path: string | null, paint: Paint = plain): string {
  const lines = [
    ...headLines(report, paint),
    ...section(whyLines(report)),
    ...section(thresholdLines(report, paint)),
    ...section(messageLines(report)),
    ...section(latencyLines(report)),
    ...section(fleetLines(report)),
    ...section(connectionLines(report)),
    ...generatorLines(report),
    ...probeLines(report),
    ...beside('Report', [path ?? 'not kept; --out DIR writes it']),
  ]
  return `${lines.join('\n')}\n`
}
