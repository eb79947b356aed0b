import { AppError } from '../errors.ts'
import { Answer, exitText, within } from './answer.ts'
import { endWorker } from './end-worker.ts'
import type { BrokerDown, BrokerUp } from './messages.ts'
import { fromWireError } from './wire-error.ts'
import type { Worker, WorkerFactory } from './worker-port.ts'

const LISTEN_LIMIT_MS = 20_000

/** The embedded broker's process as the run sees it. */
export class BrokerClient {
  readonly #worker: Worker<BrokerDown, BrokerUp>
  readonly #listening = new Answer<number>()
  /** Set once the broker's process has ended on its own. */
  death: string | null = null
  #isClosed = false

  constructor(workers: WorkerFactory, died: (text: string) => void) {
    this.#worker = workers.start<BrokerDown, BrokerUp>('broker')
    this.#worker.onMessage((message) => {
      if (message.type === 'listening') this.#listening.give(message.port)
      else this.#listening.fail(fromWireError(message.error))
    })
    this.#worker.onExit((exit) => {
      if (this.#isClosed) return
      const text = exitText(exit)
      this.death = text
      this.#listening.fail(new AppError({ code: 'WORKER_FAILED', message: `The embedded broker ${text}` }))
      died(text)
    })
  }

  /** The loopback port it listens on. */
  async listen(): Promise<number> {
    this.#worker.send({ type: 'listen', host: '127.0.0.1' })
    return await within(this.#listening.promise, LISTEN_LIMIT_MS, 'The embedded broker')
  }

  async close(): Promise<void> {
    this.#isClosed = true
    // Whoever still waits need not wait for the time limit.
    this.#listening.fail(new AppError({ code: 'WORKER_FAILED', message: 'The embedded broker was closed' }))
    this.#worker.send({ type: 'stop' })
    await endWorker(this.#worker)
  }
}
