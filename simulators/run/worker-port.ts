/** What runs in a process of its own. */
export type WorkerRole = 'shard' | 'probe' | 'broker'

export interface WorkerExit {
  code: number | null
  signal: string | null
}

/** A worker as its supervisor sees it. */
export interface Worker<Down, Up> {
  readonly pid: number | undefined
  send(message: Down): void
  onMessage(listener: (message: Up) => void): void
  /** Told once, also for a worker that could not be started. */
  onExit(listener: (exit: WorkerExit) => void): void
  /** Ends it at once. */
  kill(): void
}

/** Starts workers: child processes under the command line, utility processes under Electron, in-process in tests. */
export interface WorkerFactory {
  start<Down, Up>(role: WorkerRole): Worker<Down, Up>
}

/** The same pipe seen from inside the worker. When it closes the supervisor is gone and the worker must end. */
export interface WorkerLink<Down, Up> {
  send(message: Up): void
  onMessage(listener: (message: Down) => void): void
  onClosed(listener: () => void): void
}
