import { type ChildProcess, fork } from 'node:child_process'
import type { Worker, WorkerExit, WorkerFactory, WorkerRole } from '../../simulators/index.ts'

class ChildWorker<Down, Up> implements Worker<Down, Up> {
  readonly #child: ChildProcess
  #exit: WorkerExit | undefined
  readonly #onExit: ((exit: WorkerExit) => void)[] = []

  constructor(child: ChildProcess) {
    this.#child = child
    child.once('exit', (code, signal) => this.#ended({ code, signal }))
    child.once('error', () => this.#ended({ code: null, signal: null }))
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  send(message: Down): void {
    // A worker that ended cannot be told anything; its exit is what counts.
    if (this.#child.connected) this.#child.send(message as object, () => undefined)
  }

  onMessage(listener: (message: Up) => void): void {
    // The worker of this role speaks Up: both ends are built from the same sources.
    this.#child.on('message', (message) => listener(message as Up))
  }

  onExit(listener: (exit: WorkerExit) => void): void {
    if (this.#exit) listener(this.#exit)
    else this.#onExit.push(listener)
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  #ended(exit: WorkerExit): void {
    if (this.#exit) return
    this.#exit = exit
    for (const listener of this.#onExit) listener(exit)
  }
}

/**
 * Workers as child processes of `entry` (the built worker.js). Structured clone over the channel keeps typed arrays;
 * standard error is passed through so that a crash leaves its trace.
 */
export function childWorkers(entry: string): WorkerFactory {
  return {
    start<Down, Up>(role: WorkerRole): Worker<Down, Up> {
      const child = fork(entry, [role], {
        serialization: 'advanced',
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
        execArgv: [],
      })
      return new ChildWorker(child)
    },
  }
}
