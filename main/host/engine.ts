import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { type RunHandle, type RunOptions, startRun } from '../../simulators/index.ts'
import { childWorkers } from './child-workers.ts'
import { readEnvironment, readMachineLimits } from './machine.ts'

/** What a run needs beyond what every run on this machine shares. */
export type HostRunOptions = Omit<RunOptions, 'workers' | 'limits' | 'environment' | 'run' | 'wallNow'>

/** The built entry of all workers, beside the bundle that this module ends up in. */
function workerEntry(): string {
  const here = new URL('.', import.meta.url)
  const base = here.pathname.endsWith('/chunks/') ? new URL('..', here) : here
  return fileURLToPath(new URL('worker.js', base))
}

/** Starts a run with workers in processes of their own. */
export function startHostRun(version: string, options: HostRunOptions): RunHandle {
  return startRun({
    ...options,
    workers: childWorkers(workerEntry()),
    limits: readMachineLimits(),
    environment: readEnvironment(version),
    run: randomBytes(4).readUInt32LE(),
    wallNow: Date.now,
  })
}
