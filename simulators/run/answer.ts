import { AppError } from '../errors.ts'
import type { WorkerExit } from './worker-port.ts'

/** How a worker ended, in words. */
export function exitText({ code, signal }: WorkerExit): string {
  if (signal) return `killed by ${signal}`
  return code === null ? 'could not be started' : `ended with code ${code}`
}

/** A promise settled from outside, once; what comes after is ignored. */
export class Answer<Value> {
  readonly promise: Promise<Value>
  #resolve: (value: Value) => void = () => undefined
  #reject: (error: unknown) => void = () => undefined

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    // Whoever waits sees the error; an answer that nobody waits for any more must not end the process.
    this.promise.catch(() => undefined)
  }

  give(value: Value): void {
    this.#resolve(value)
  }

  fail(error: unknown): void {
    this.#reject(error)
  }
}

/** Waits, or until there is a reason to wait no longer. */
export async function pause(ms: number, interrupt: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([over, interrupt])
  clearTimeout(timer)
}

/** The answer, or WORKER_FAILED when it does not come in time: nothing in a run waits for ever. */
export async function within<Value>(answer: Promise<Value>, limitMs: number, what: string): Promise<Value> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        new AppError({
          code: 'WORKER_FAILED',
          message: `${what} did not answer within ${limitMs / 1_000} s`,
        }),
      )
    }, limitMs)
  })
  try {
    return await Promise.race([answer, timeout])
  } finally {
    clearTimeout(timer)
  }
}
