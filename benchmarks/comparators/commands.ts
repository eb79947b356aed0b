import { createInterface } from 'node:readline'
import type { FloodWorkload, Workload } from '../support/driver.ts'

/** The workload that the benchmark passed to this program. */
export function readWorkload(): Workload {
  const text = process.argv[2]
  if (!text) throw new Error('usage: PROGRAM WORKLOAD-AS-JSON (benchmarks start this program)')
  const workload: Workload = JSON.parse(text)
  return workload
}

/** The workload of a flood with markers, which must be those of the run that the probe watches. */
export function readFlood(): FloodWorkload {
  return { run: 0, zeroMs: 0, ...readWorkload() }
}

export function tell(event: string, facts: object = {}): void {
  process.stdout.write(`${JSON.stringify({ event, ...facts })}\n`)
}

/** Calls the handler that each line on standard input names; ends with the benchmark that started it. */
export function obey(handlers: Record<string, () => void>): void {
  const lines = createInterface({ input: process.stdin })
  lines.on('line', (line) => handlers[line]?.())
  lines.on('close', () => process.exit(0))
}
