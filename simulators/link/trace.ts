import type { LaneModel } from './model.ts'

/** What a lane becomes at a time of a trace. */
export interface TraceStep {
  /** Since the beginning of the trace. */
  readonly atMs: number
  readonly changes: Partial<Pick<LaneModel, 'rateBitS' | 'delayMs' | 'loss'>>
}

/** How a lane changes in time; it begins again when it is over. */
export interface Trace {
  /** Ascending in time, the first at zero; never empty. */
  readonly steps: readonly TraceStep[]
  readonly lengthMs: number
}

/** What is wrong with a line of a trace. */
export interface TraceProblem {
  /** Counted from 1. */
  line: number
  message: string
}

export type TraceResult = { ok: true; trace: Trace } | { ok: false; problems: readonly TraceProblem[] }

/** Problems that are told at most; a file of the wrong kind has one per line. */
export const MOST_PROBLEMS = 20
