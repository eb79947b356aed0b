import { parseArgs } from 'node:util'

export interface BenchOptions {
  rounds: number
  /** Length of a measured window. */
  measureMs: number
  /** Parts of the benchmark to run; empty means all. */
  only: string[]
  strict: boolean
}

/** Options that every benchmark takes: --rounds N --seconds S --only a,b --strict. */
export function readOptions({ rounds, seconds }: { rounds: number; seconds: number }): BenchOptions {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: String(rounds) },
      seconds: { type: 'string', default: String(seconds) },
      only: { type: 'string', default: '' },
      strict: { type: 'boolean', default: false },
    },
  })
  // Bounded on purpose: a benchmark that somebody forgot must end by itself.
  const clamp = (text: string, most: number) => Math.min(most, Math.max(1, Number(text) || 1))
  return {
    rounds: Math.round(clamp(values.rounds, 9)),
    measureMs: clamp(values.seconds, 60) * 1000,
    only: values.only.split(',').filter((part) => part !== ''),
    strict: values.strict,
  }
}
