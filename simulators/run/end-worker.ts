import type { Worker } from './worker-port.ts'

/** Time to say goodbye to the broker. */
const FAREWELL_MS = 1_000

/** Waits for a worker that was told to stop; ends it by force when it takes too long. */
export function endWorker<Down, Up>(worker: Worker<Down, Up>): Promise<void> {
  return new Promise((resolve) => {
    const late = setTimeout(() => worker.kill(), FAREWELL_MS)
    worker.onExit(() => {
      clearTimeout(late)
      resolve()
    })
  })
}
