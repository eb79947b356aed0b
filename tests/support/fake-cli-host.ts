import type { CliHost, RunRequest } from '../../main/cli/host.ts'
import type { Terminal } from '../../main/cli/terminal.ts'
import {
  buildReport,
  type Report,
  type RunEvent,
  type RunHandle,
  type RunProgress,
} from '../../simulators/index.ts'
import { runOutcome } from './run-outcome.ts'

export interface Transcript extends Terminal {
  text(): string
}

/** An output stream that remembers. */
export function transcript({ isTty = false, columns = 80 } = {}): Transcript {
  let text = ''
  return {
    write: (more) => {
      text += more
    },
    isTty,
    columns: () => columns,
    colour: false,
    text: () => text,
  }
}

/** A run that a test ends by hand. */
export class FakeRun implements RunHandle {
  readonly request: RunRequest
  readonly done: Promise<Report>
  readonly stops: ('drain' | 'now')[] = []
  finish: (report: Report) => void = () => undefined
  fail: (error: unknown) => void = () => undefined
  report: (progress: RunProgress) => void = () => undefined
  happen: (event: RunEvent) => void = () => undefined

  constructor(request: RunRequest) {
    this.request = request
    this.done = new Promise((resolve, reject) => {
      this.finish = resolve
      this.fail = reject
    })
  }

  progress(listener: (progress: RunProgress) => void): void {
    this.report = listener
  }

  events(listener: (event: RunEvent) => void): void {
    this.happen = listener
  }

  stop(how: 'drain' | 'now'): void {
    this.stops.push(how)
  }
}

export interface FakeHost extends CliHost {
  readonly stdout: Transcript
  readonly stderr: Transcript
  readonly runs: FakeRun[]
  interrupt(): void
}

/** A process of no consequence: `onRun` decides what becomes of each run, a pass at once when left out. */
export function fakeHost({
  cwd,
  env = {},
  confirm = null,
  stderr = transcript(),
  onRun = (run) => run.finish(buildReport(runOutcome())),
}: {
  cwd: string
  env?: Record<string, string>
  confirm?: CliHost['confirm']
  stderr?: Transcript
  onRun?: (run: FakeRun) => void
}): FakeHost {
  const listeners = new Set<() => void>()
  const runs: FakeRun[] = []
  return {
    stdout: transcript(),
    stderr,
    env,
    cwd,
    tempDir: cwd,
    version: '1.2.3',
    confirm,
    onInterrupt: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    interrupt: () => {
      for (const listener of listeners) listener()
    },
    now: () => Date.UTC(2026, 0, 1),
    runs,
    startRun: (request) => {
      const run = new FakeRun(request)
      runs.push(run)
      // The command listens first, as it would with a real run.
      queueMicrotask(() => onRun(run))
      return run
    },
  }
}
