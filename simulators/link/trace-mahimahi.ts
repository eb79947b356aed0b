import { MOST_PROBLEMS, type TraceProblem, type TraceResult, type TraceStep } from './trace.ts'

/** Each line of a Mahimahi trace is an opportunity to deliver a packet of this size (mahimahi, packetshell.cc). */
const OPPORTUNITY_BYTES = 1_504
/** Finer than a flow notices, coarser than the gaps between opportunities. */
const STEP_MS = 100

/**
 * Reads a Mahimahi trace: a line per delivery opportunity with its time in whole milliseconds, ascending; the last is the
 * length of the trace, which begins again then. Opportunities become a rate for every tenth of a second.
 */
export function parseMahimahi(text: string): TraceResult {
  const problems: TraceProblem[] = []
  const times: number[] = []
  const lines = text.split(/\r?\n/)
  for (let index = 0; index < lines.length && problems.length < MOST_PROBLEMS; index += 1) {
    const line = (lines[index] ?? '').trim()
    if (line === '' || line.startsWith('#')) continue
    const time = Number(line)
    if (!/^\d+$/.test(line))
      problems.push({ line: index + 1, message: `"${line}" is no time in whole milliseconds` })
    else if (time < (times.at(-1) ?? 0))
      problems.push({
        line: index + 1,
        message: `${time} ms is earlier than ${times.at(-1)} ms, the line before it`,
      })
    else times.push(time)
  }
  const lengthMs = times.at(-1) ?? 0
  if (problems.length === 0 && lengthMs === 0)
    problems.push({ line: 1, message: 'a trace needs a time above zero' })
  if (problems.length > 0) return { ok: false, problems }
  return { ok: true, trace: { steps: ratesOf(times, lengthMs), lengthMs } }
}

function ratesOf(times: readonly number[], lengthMs: number): TraceStep[] {
  const counts = new Array<number>(Math.ceil(lengthMs / STEP_MS)).fill(0)
  for (const time of times) {
    // The end of the trace is the beginning of its next round.
    const step = Math.min(counts.length - 1, Math.floor(time / STEP_MS))
    counts[step] = (counts[step] ?? 0) + 1
  }
  return counts.map((count, step) => {
    const spanMs = Math.min(STEP_MS, lengthMs - step * STEP_MS)
    return { atMs: step * STEP_MS, changes: { rateBitS: (count * OPPORTUNITY_BYTES * 8_000) / spanMs } }
  })
}
