import { performance } from 'node:perf_hooks'
import type { RunClock } from '../device/ports.ts'

/**
 * Milliseconds on the monotonic clock that all processes of this machine share
 * (CLOCK_MONOTONIC, mach_absolute_time, QueryPerformanceCounter: the base of process.hrtime).
 */
export function machineNowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

/** A clock that reads 0 at `zeroMs` of the machine's monotonic clock. Cheaper per call than hrtime. */
export function runClock(zeroMs: number): RunClock {
  const offset = machineNowMs() - performance.now() - zeroMs
  return () => performance.now() + offset
}
