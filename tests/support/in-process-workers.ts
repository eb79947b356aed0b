import type {
  Worker,
  WorkerExit,
  WorkerFactory,
  WorkerLink,
  WorkerRole,
} from '../../simulators/run/worker-port.ts'

/** The body of a worker: what runs at the far end of the link. */
export type WorkerBody<Down, Up> = (link: WorkerLink<Down, Up>) => Promise<void>

/** The bodies by role; each speaks its own messages, which the factory passes on unseen. */
// The factory is generic in its messages while a table of bodies is not: `never` accepts every body.
export type WorkerBodies = Record<WorkerRole, WorkerBody<never, never>>

class InProcessWorker<Down, Up> implements Worker<Down, Up> {
  readonly pid = undefined
  readonly #toWorker: ((message: Down) => void)[] = []
  readonly #toOwner: ((message: Up) => void)[] = []
  readonly #onExit: ((exit: WorkerExit) => void)[] = []
  readonly #onClosed: (() => void)[] = []
  #exit: WorkerExit | undefined

  constructor(body: WorkerBody<Down, Up>) {
    const link: WorkerLink<Down, Up> = {
      send: (message) => this.#deliver(this.#toOwner, message),
      onMessage: (listener) => void this.#toWorker.push(listener),
      onClosed: (listener) => void this.#onClosed.push(listener),
    }
    setImmediate(() => {
      body(link).then(
        () => this.#end({ code: 0, signal: null }),
        () => this.#end({ code: 1, signal: null }),
      )
    })
  }

  send(message: Down): void {
    this.#deliver(this.#toWorker, message)
  }

  onMessage(listener: (message: Up) => void): void {
    this.#toOwner.push(listener)
  }

  onExit(listener: (exit: WorkerExit) => void): void {
    if (this.#exit) listener(this.#exit)
    else this.#onExit.push(listener)
  }

  kill(): void {
    for (const listener of this.#onClosed) listener()
    this.#end({ code: null, signal: 'SIGKILL' })
  }

  #end(exit: WorkerExit): void {
    if (this.#exit) return
    this.#exit = exit
    for (const listener of this.#onExit) listener(exit)
  }

  /** Copies as a process boundary would, so that nothing is shared by accident. */
  #deliver<Message>(listeners: ((message: Message) => void)[], message: Message): void {
    if (this.#exit) return
    const copy = structuredClone(message)
    setImmediate(() => {
      if (!this.#exit) for (const listener of listeners) listener(copy)
    })
  }
}

/** Workers inside this process, for tests: the same bodies and messages, no processes. */
export function inProcessWorkers(bodies: WorkerBodies): WorkerFactory {
  return {
    start<Down, Up>(role: WorkerRole): Worker<Down, Up> {
      // The caller names role and messages together; see WorkerBodies.
      return new InProcessWorker(bodies[role] as unknown as WorkerBody<Down, Up>)
    },
  }
}
