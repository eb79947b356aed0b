import { parseBitRate, parseDuration, parseShare } from '../profile/quantity.ts'
import { MOST_PROBLEMS, type TraceProblem, type TraceResult, type TraceStep } from './trace.ts'

type Kind = 'time' | 'rate' | 'delay' | 'loss'

interface Column {
  kind: Kind
  read(text: string): number | undefined
  wanted: string
}

function plain(factor: number): (text: string) => number | undefined {
  return (text) => (/^\d+(?:\.\d+)?$/.test(text) ? Number(text) * factor : undefined)
}

function numbers(kind: Kind, factor: number): Column {
  return { kind, read: plain(factor), wanted: 'a number' }
}

/** Names of columns: either values carry their unit, or the name does. */
const COLUMNS: Readonly<Record<string, Column>> = {
  time: { kind: 'time', read: parseDuration, wanted: 'a duration such as "250ms"' },
  time_ms: numbers('time', 1),
  time_s: numbers('time', 1_000),
  rate: { kind: 'rate', read: parseBitRate, wanted: 'a bit rate such as "20kbit/s"' },
  rate_bit: numbers('rate', 1),
  rate_kbit: numbers('rate', 1_000),
  rate_mbit: numbers('rate', 1_000_000),
  delay: { kind: 'delay', read: parseDuration, wanted: 'a duration such as "50ms"' },
  delay_ms: numbers('delay', 1),
  loss: { kind: 'loss', read: parseShare, wanted: 'a share such as "1%"' },
  loss_percent: numbers('loss', 0.01),
}

const LAST_STEP_MS = 1_000

/**
 * Reads a trace from CSV: a header that names the columns (time and at least one of rate, delay and loss), then a step
 * per line. The last step lasts as long as the one before it; then the trace begins again.
 */
export function parseTraceCsv(text: string): TraceResult {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  const header = lines[0] ?? ''
  const problems: TraceProblem[] = []
  const columns = readHeader(header, problems)
  const rows: TraceStep[] = []
  for (let index = 1; index < lines.length && problems.length < MOST_PROBLEMS; index += 1) {
    const line = lines[index] ?? ''
    if (line.trim() === '' || line.startsWith('#')) continue
    if (columns.length > 0) readRow(line, index + 1, columns, rows, problems)
  }
  if (problems.length === 0 && rows.length === 0)
    problems.push({ line: 1, message: 'no step follows the header' })
  return problems.length > 0 ? { ok: false, problems } : { ok: true, trace: toTrace(rows) }
}

function readHeader(header: string, problems: TraceProblem[]): Column[] {
  const names = header.split(',').map((name) => name.trim().toLowerCase())
  const columns: Column[] = []
  for (const name of names) {
    const column = Object.hasOwn(COLUMNS, name) ? COLUMNS[name] : undefined
    if (!column)
      problems.push({
        line: 1,
        message: `"${name}" is no column of a trace; these are: ${Object.keys(COLUMNS).join(', ')}`,
      })
    else if (columns.some(({ kind }) => kind === column.kind))
      problems.push({ line: 1, message: `there are two columns for ${column.kind}` })
    else columns.push(column)
  }
  if (problems.length > 0) return []
  if (columns[0]?.kind !== 'time') problems.push({ line: 1, message: 'the first column must be the time' })
  if (columns.length < 2) problems.push({ line: 1, message: 'there is no column for rate, delay or loss' })
  return problems.length > 0 ? [] : columns
}

function readRow(
  line: string,
  number: number,
  columns: readonly Column[],
  rows: TraceStep[],
  problems: TraceProblem[],
): void {
  const cells = line.split(',').map((cell) => cell.trim())
  const complain = (message: string) => problems.push({ line: number, message })
  if (cells.length > columns.length) {
    complain(`${cells.length} values for ${columns.length} columns`)
    return
  }
  const values: Partial<Record<Kind, number>> = {}
  for (const [place, { kind, read, wanted }] of columns.entries()) {
    const cell = cells[place] ?? ''
    const value = read(cell)
    if (cell === '') complain(`a hole: no ${kind}`)
    else if (value === undefined) complain(`${JSON.stringify(cell)} is not ${wanted}`)
    else if (kind === 'loss' && value > 1) complain(`a loss of ${value * 100} % is more than all`)
    values[kind] = value ?? 0
  }
  const { time = 0, rate, delay, loss } = values
  const before = rows.at(-1)
  if (before && time <= before.atMs)
    complain(`${time} ms is not later than ${before.atMs} ms, the step before it`)
  const changes = {
    ...(rate === undefined ? {} : { rateBitS: rate }),
    ...(delay === undefined ? {} : { delayMs: delay }),
    ...(loss === undefined ? {} : { loss: loss > 0 ? { share: loss } : undefined }),
  }
  rows.push({ atMs: time, changes })
}

function toTrace(rows: readonly TraceStep[]) {
  const startMs = rows[0]?.atMs ?? 0
  const steps = rows.map(({ atMs, changes }) => ({ atMs: atMs - startMs, changes }))
  const lastMs = steps.at(-1)?.atMs ?? 0
  const lastStepMs = steps.length > 1 ? lastMs - (steps.at(-2)?.atMs ?? 0) : LAST_STEP_MS
  return { steps, lengthMs: lastMs + lastStepMs }
}
