import type { ObserverHealth, ObserverReading } from '../delivery/types.ts'
import { AppError } from '../errors.ts'
import { Answer, exitText, within } from './answer.ts'
import { endWorker } from './end-worker.ts'
import type { FleetLatencies, ProbeDown, ProbeSample, ProbeUp, RunFacts } from './messages.ts'
import { fromWireError } from './wire-error.ts'
import type { Worker, WorkerFactory } from './worker-port.ts'

/** DNS, TCP, TLS, CONNACK and SUBACK of all its connections; it gives up by itself earlier. */
const SUBSCRIBE_LIMIT_MS = 60_000
const READ_LIMIT_MS = 60_000

export interface ProbeReading {
  reading: ObserverReading
  latency: FleetLatencies[]
}

/** The probe's process as the run sees it. */
export class ProbeClient {
  readonly #worker: Worker<ProbeDown, ProbeUp>
  readonly #subscribed = new Answer<ObserverHealth>()
  readonly #reading = new Answer<ProbeReading>()
  readonly #sampled: (sample: ProbeSample) => void
  /** Set once the probe's process has ended on its own. */
  death: string | null = null
  #hasFailed = false
  #isClosed = false

  constructor(workers: WorkerFactory, sampled: (sample: ProbeSample) => void, died: (text: string) => void) {
    this.#sampled = sampled
    this.#worker = workers.start<ProbeDown, ProbeUp>('probe')
    this.#worker.onMessage((message) => this.#hear(message))
    this.#worker.onExit((exit) => {
      if (this.#isClosed) return
      this.death = exitText(exit)
      const error = new AppError({ code: 'WORKER_FAILED', message: `The probe ${this.death}` })
      this.#subscribed.fail(error)
      this.#reading.fail(error)
      // What it said before says more than how it ended.
      if (!this.#hasFailed) died(this.death)
    })
  }

  async subscribe(facts: RunFacts): Promise<ObserverHealth> {
    this.#worker.send({ type: 'subscribe', facts })
    return await within(this.#subscribed.promise, SUBSCRIBE_LIMIT_MS, 'The probe')
  }

  start(zeroMs: number, warmUps: number[]): void {
    this.#worker.send({ type: 'run-started', zeroMs, warmUps })
  }

  startDrain(): void {
    this.#worker.send({ type: 'draining' })
  }

  async read(): Promise<ProbeReading> {
    this.#worker.send({ type: 'read' })
    return await within(this.#reading.promise, READ_LIMIT_MS, 'The probe')
  }

  async close(): Promise<void> {
    this.#isClosed = true
    // Whoever still waits need not wait for the time limit.
    const error = new AppError({ code: 'WORKER_FAILED', message: 'The probe was closed' })
    this.#subscribed.fail(error)
    this.#reading.fail(error)
    this.#worker.send({ type: 'stop' })
    await endWorker(this.#worker)
  }

  #hear(message: ProbeUp): void {
    // What it said before it was told to end may come after its end.
    if (this.#isClosed) return
    switch (message.type) {
      case 'subscribed':
        this.#subscribed.give(message.health)
        return
      case 'failed':
        this.#hasFailed = true
        this.#subscribed.fail(fromWireError(message.error))
        this.#reading.fail(fromWireError(message.error))
        return
      case 'sample':
        this.#sampled(message.sample)
        return
      case 'reading':
        this.#reading.give({ reading: message.reading, latency: message.latency })
    }
  }
}
