import { childWorkers } from '../../main/host/child-workers.ts'
import type { Worker, WorkerRole } from '../../simulators/run/worker-port.ts'

/** Built by `npm run build`, which `npm run bench` does first. */
const WORKER = 'dist/worker.js'
const ANSWER_LIMIT_MS = 60_000

interface Typed {
  type: string
}

/** A worker process of Flotilla that a benchmark talks to in the place of the supervisor. */
export class WorkerTalk<Down extends Typed, Up extends Typed> {
  readonly worker: Worker<Down, Up>
  readonly #waiting = new Set<{ type: string; resolve: (message: Up) => void }>()
  readonly #failed: Promise<never>
  #over = false

  constructor(role: WorkerRole) {
    this.worker = childWorkers(WORKER).start<Down, Up>(role)
    this.#failed = new Promise((_, reject) => {
      this.worker.onExit(({ code, signal }) => {
        if (!this.#over) reject(new Error(`the ${role} ended: code ${code}, signal ${signal}`))
      })
      this.worker.onMessage((message) => {
        if (message.type === 'failed') reject(new Error(`the ${role} failed: ${JSON.stringify(message)}`))
      })
    })
    this.#failed.catch(() => {})
    this.worker.onMessage((message) => {
      for (const waiter of this.#waiting) {
        if (waiter.type !== message.type) continue
        this.#waiting.delete(waiter)
        waiter.resolve(message)
      }
    })
  }

  get pid(): number {
    const { pid } = this.worker
    if (pid === undefined) throw new Error('the worker did not start')
    return pid
  }

  /** The next message of this type. */
  next<Type extends Up['type']>(type: Type, limitMs = ANSWER_LIMIT_MS): Promise<Extract<Up, { type: Type }>> {
    let timer: NodeJS.Timeout | undefined
    const arrived = new Promise<Extract<Up, { type: Type }>>((resolve, reject) => {
      // The type was compared: only this member of the union is handed over.
      this.#waiting.add({ type, resolve: (message) => resolve(message as Extract<Up, { type: Type }>) })
      timer = setTimeout(() => reject(new Error(`no message "${type}" in ${limitMs} ms`)), limitMs)
    })
    return Promise.race([arrived, this.#failed]).finally(() => clearTimeout(timer))
  }

  kill(): void {
    this.#over = true
    this.worker.kill()
  }
}
