import type { MachineLimits } from '../metrics/preflight.ts'
import type { Share } from '../plan/partition.ts'
import type { Profile } from '../profile/profile.ts'
import type { Environment, RunEvent } from '../report/outcome.ts'
import type { RunProgress } from '../report/progress.ts'
import type { Report } from '../report/schema.ts'
import type { WorkerFactory } from './worker-port.ts'

/** What a host asks of the engine. */
export interface RunOptions {
  /** Secrets resolved. */
  profile: Profile
  /** As it stands in the file, overrides applied: references to secrets, never values. */
  source: unknown
  /** Folder that relative paths in the profile start from. */
  baseDir: string
  workers: WorkerFactory
  limits: MachineLimits
  environment: Environment
  /** Random 32 bits that name the run. */
  run: number
  /** Wall clock, ms since 1970. */
  wallNow: () => number
  /** Worker processes to spread the devices over; chosen by load when left out. */
  shards?: number
  /** The share of the profile that this machine drives; index from 0. */
  share?: Share
  /** Wall-clock time of the start, ms since 1970; at once when left out. */
  startAtMs?: number
}

/** A run that is under way. */
export interface RunHandle {
  progress(listener: (progress: RunProgress) => void): void
  events(listener: (event: RunEvent) => void): void
  /** `drain`: publish nothing more, wait for what is under way. `now`: report what there is. */
  stop(how: 'drain' | 'now'): void
  /** Rejects with an AppError when the run could not start. */
  readonly done: Promise<Report>
}
