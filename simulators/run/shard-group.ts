import type { StreamBook } from '../delivery/types.ts'
import { AppError } from '../errors.ts'
import type { Share } from '../plan/partition.ts'
import { Answer, exitText, within } from './answer.ts'
import { endWorker } from './end-worker.ts'
import type { RunFacts, ShardDown, ShardSample, ShardUp } from './messages.ts'
import { fromWireError } from './wire-error.ts'
import type { Worker, WorkerExit, WorkerFactory } from './worker-port.ts'

/** Preparing 10,000 devices with a certificate each takes seconds, not minutes. */
const PREPARE_LIMIT_MS = 120_000
/** A shard that has sent no sample for so long hangs: it is ended, so that the run can go on. */
const SILENCE_LIMIT_MS = 15_000

/** One shard as its supervisor sees it. */
export interface ShardRecord {
  readonly index: number
  readonly share: Share
  devices: number
  /** The last sample it sent; what is known of it should it die. */
  last: ShardSample | null
  books: StreamBook[]
  state: 'preparing' | 'running' | 'done' | 'dead'
  /** When and how it died, ms of the run. */
  death: { tMs: number; text: string } | null
  peakMemoryBytes: number
}

/** The devices of a shard in words: "3 devices (numbers 1, 3, ...)"; numbers count over all fleets of the profile from 0. */
export function devicesText({
  devices,
  share: { index, count },
}: Pick<ShardRecord, 'devices' | 'share'>): string {
  if (count === 1) return 'all devices'
  const numbers = [index, index + count].slice(0, devices).join(', ')
  return `${devices} ${devices === 1 ? 'device' : 'devices'} (number ${numbers}${devices > 2 ? ' and so on' : ''})`
}

export interface ShardGroupListener {
  sampled(shard: ShardRecord, sample: ShardSample): void
  died(shard: ShardRecord): void
}

/** Starts the shards of a run, hears them, and goes on without those that die. */
export class ShardGroup {
  readonly records: ShardRecord[]
  readonly #workers: Worker<ShardDown, ShardUp>[]
  readonly #ready: Answer<void>[]
  readonly #listener: ShardGroupListener
  readonly #finished = new Answer<void>()
  readonly #nowMs: () => number
  #heardMs: number[]
  #watch: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(facts: {
    workers: WorkerFactory
    shares: readonly Share[]
    listener: ShardGroupListener
    /** ms of the run. */
    nowMs: () => number
  }) {
    this.#listener = facts.listener
    this.#nowMs = facts.nowMs
    this.records = facts.shares.map((share, index) => ({
      index,
      share,
      devices: 0,
      last: null,
      books: [],
      state: 'preparing',
      death: null,
      peakMemoryBytes: 0,
    }))
    this.#ready = this.records.map(() => new Answer<void>())
    this.#heardMs = this.records.map(() => 0)
    this.#workers = this.records.map((record) => {
      const worker = facts.workers.start<ShardDown, ShardUp>('shard')
      worker.onMessage((message) => this.#hear(record, message))
      worker.onExit((exit) => this.#exited(record, exit))
      return worker
    })
  }

  /** Settles when every shard has its devices ready; rejects with the first failure. */
  async prepare(runFacts: RunFacts): Promise<void> {
    this.records.forEach((record, at) => {
      this.#workers[at]?.send({ type: 'prepare', facts: runFacts, share: record.share })
    })
    const ready = Promise.all(this.#ready.map((answer) => answer.promise))
    await within(ready, PREPARE_LIMIT_MS, 'A shard')
  }

  start(zeroMs: number, wallZeroMs: number): void {
    for (const record of this.records) if (record.state === 'preparing') record.state = 'running'
    for (const worker of this.#workers) worker.send({ type: 'start', zeroMs, wallZeroMs })
    this.#watch = setInterval(() => this.#endSilent(), 1_000)
  }

  /** Settles when every shard has handed over its books or died. */
  get finished(): Promise<void> {
    return this.#finished.promise
  }

  /** Publish nothing more; what is in flight has `quiesceMs` left. */
  drain(quiesceMs: number): void {
    for (const worker of this.#workers) worker.send({ type: 'drain', quiesceMs })
  }

  /** Ends all workers, the hanging ones by force. */
  async close(): Promise<void> {
    clearInterval(this.#watch)
    this.#isClosed = true
    // Whoever still waits need not wait for the time limit.
    for (const ready of this.#ready)
      ready.fail(new AppError({ code: 'WORKER_FAILED', message: 'The shards were closed' }))
    for (const worker of this.#workers) worker.send({ type: 'stop' })
    await Promise.all(this.#workers.map((worker) => endWorker(worker)))
  }

  #hear(record: ShardRecord, message: ShardUp): void {
    // What a worker said before it was told to end may come after its end.
    if (record.state === 'dead' || this.#isClosed) return
    this.#heardMs[record.index] = this.#nowMs()
    switch (message.type) {
      case 'ready':
        record.devices = message.devices
        this.#ready[record.index]?.give()
        return
      case 'failed':
        this.#ready[record.index]?.fail(fromWireError(message.error))
        this.#die(record, message.error.message)
        return
      case 'sample':
        this.#sampled(record, message.sample)
        return
      case 'books':
        record.books.push(...message.books)
        return
      case 'done':
        record.state = 'done'
        this.#sampled(record, message.sample)
        this.#checkFinished()
    }
  }

  #sampled(record: ShardRecord, sample: ShardSample): void {
    record.last = sample
    record.peakMemoryBytes = Math.max(record.peakMemoryBytes, sample.memoryBytes)
    this.#listener.sampled(record, sample)
  }

  #exited(record: ShardRecord, exit: WorkerExit): void {
    const text = exitText(exit)
    const error = new AppError({
      code: 'WORKER_FAILED',
      message: `Shard ${record.index} ${text} before the run began`,
    })
    this.#ready[record.index]?.fail(error)
    if (record.state !== 'done') this.#die(record, text)
  }

  #die(record: ShardRecord, text: string): void {
    if (record.state === 'dead' || this.#isClosed) return
    const wasRunning = record.state === 'running'
    record.state = 'dead'
    record.death = { tMs: this.#nowMs(), text }
    // Half of the books would look like all of them.
    record.books = []
    // Before it was ready the run does not begin, and the error says why.
    if (record.devices > 0 || wasRunning) this.#listener.died(record)
    this.#checkFinished()
  }

  #endSilent(): void {
    const nowMs = this.#nowMs()
    for (const record of this.records) {
      const silentMs = nowMs - (this.#heardMs[record.index] ?? 0)
      if (record.state !== 'running' || silentMs < SILENCE_LIMIT_MS) continue
      this.#workers[record.index]?.kill()
      this.#die(record, `sent nothing for ${Math.round(silentMs / 1_000)} s and was ended`)
    }
  }

  #checkFinished(): void {
    if (this.records.every(({ state }) => state === 'done' || state === 'dead')) this.#finished.give()
  }
}
