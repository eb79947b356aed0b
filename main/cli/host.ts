import type { RunHandle, RunOptions } from '../../simulators/index.ts'
import type { Terminal } from './terminal.ts'

/** What the command line asks for; the process that it lives in adds machine, clock and workers. */
export type RunRequest = Pick<RunOptions, 'profile' | 'source' | 'baseDir' | 'shards' | 'share' | 'startAtMs'>

export type StartRun = (request: RunRequest) => RunHandle

/** All that the command line needs of the process it lives in. */
export interface CliHost {
  readonly stdout: Terminal
  readonly stderr: Terminal
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly tempDir: string
  readonly version: string
  /** Asks a yes-or-no question; null when nobody is there to answer. */
  readonly confirm: ((question: string) => Promise<boolean>) | null
  /** Calls back at each Ctrl-C until the returned function is called. */
  onInterrupt(listener: () => void): () => void
  /** Wall clock, ms since 1970. */
  now(): number
  readonly startRun: StartRun
}
