import { formatCount, formatMs, formatRate, THIN_SPACE } from '../metrics/format.ts'
import { cut } from './words.ts'

/** Where a run is right now, for a line on a terminal. Rates per second; times in ms since the start. */
export interface RunProgress {
  state: 'starting' | 'connecting' | 'running' | 'draining' | 'done'
  tMs: number
  totalMs: number
  connected: number
  devices: number
  /** null: too early to tell. */
  sentPerS: number | null
  targetPerS: number
  sent: number
  missing: number
  e2eP99Ms: number | null
  /** Messages sent late because of this machine. */
  behind: number
  drainRemainingMs?: number
}

const STATES: Readonly<Record<RunProgress['state'], string>> = {
  starting: 'Starting',
  connecting: 'Connecting',
  running: 'Running',
  draining: 'Draining',
  done: 'Done',
}

/** "02:13", or "1:02:13" from an hour on. */
export function clockText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000))
  const two = (value: number) => String(value).padStart(2, '0')
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${two(minutes)}:${two(seconds % 60)}`
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`
}

function rateText({ sentPerS, targetPerS }: RunProgress): string {
  const target = formatRate(targetPerS)
  if (sentPerS === null) return `target ${target}`
  // Digits that change with every reading only make the line flicker.
  return `${formatRate(sentPerS < 10 ? sentPerS : Math.round(sentPerS))} of ${target}`
}

/** The parts of a line, the most telling first. */
function partsOf(progress: RunProgress): string[] {
  const { state, tMs, totalMs, connected, devices, drainRemainingMs } = progress
  if (state === 'starting') return ['Starting']
  const drain =
    drainRemainingMs === undefined
      ? ''
      : `, about ${formatMs(Math.ceil(drainRemainingMs / 1_000) * 1_000)} left`
  const time =
    state === 'draining'
      ? `Draining${drain}`
      : state === 'done'
        ? `Done after ${clockText(tMs)}`
        : `${STATES[state]} ${clockText(Math.min(tMs, totalMs))} / ${clockText(totalMs)}`
  const publishing = state === 'connecting' || state === 'running'
  return [
    time,
    `${formatCount(connected)}/${formatCount(devices)} connected`,
    ...(publishing ? [rateText(progress)] : []),
    `missing ${formatCount(progress.missing)}`,
    ...(progress.e2eP99Ms === null ? [] : [`p99 ${formatMs(progress.e2eP99Ms)}`]),
    `behind ${formatCount(progress.behind)}`,
    `sent ${formatCount(progress.sent)}`,
  ]
}

/** One line that is rewritten in place: whole parts as far as they fit, never wider than `columns`. */
export function liveLine(progress: RunProgress, columns: number): string {
  let line = ''
  for (const part of partsOf(progress)) {
    const next = line === '' ? part : `${line} · ${part}`
    if (next.length > columns) break
    line = next
  }
  return line === '' ? cut(partsOf(progress)[0] ?? '', columns) : line
}

/** One line of a log: everything, in ASCII units that any log viewer shows. */
export function intervalLine(progress: RunProgress): string {
  return partsOf(progress).join(', ').replaceAll(THIN_SPACE, ' ')
}
