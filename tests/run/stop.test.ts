import { describe, expect, it } from 'vitest'
import { AppError } from '../../simulators/errors.ts'
import type { Worker, WorkerFactory, WorkerRole } from '../../simulators/run/worker-port.ts'
import { inProcessOptions, runInProcess } from '../support/in-process-run.ts'
import { type Sins, startSinfulBroker } from '../support/sinful-broker.ts'
import { acceptedBy, fall, told, trapProfile, UNLESS_PAUSED } from '../support/trap.ts'

/** A run against a broker that does not answer, so that it never gets beyond its start. */
async function stuck(act: (run: ReturnType<typeof runInProcess>) => unknown, sins: Partial<Sins> = {}) {
  const broker = await startSinfulBroker({ handshake: 'silence', ...sins })
  try {
    const began = performance.now()
    const run = runInProcess({ ...trapProfile({}), broker: { url: `mqtt://127.0.0.1:${broker.port}` } })
    await act(run)
    const report = await run.done
    return { report, tookMs: performance.now() - began }
  } finally {
    await broker.stop()
  }
}

const soon = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

describe.concurrent('a run that is stopped', UNLESS_PAUSED, () => {
  it.each(['drain', 'now'] as const)('while it starts (%s) ends at once with a report', async (how) => {
    const { report, tookMs } = await stuck(async (run) => {
      await soon(200)
      run.stop(how)
    })

    expect(tookMs).toBeLessThan(3_000)
    expect(told(report)).toEqual(['invalid', 'not-started'])
    expect(report.reasons[0]?.text).toBe('The run could not start: it was stopped before it began')
    expect(report.run.interrupted).toBe(true)
    expect(report.books).toMatchObject({ generated: 0, sent: 0 })
    expect(report.connections.planned).toBe(0)
  })

  it('before it has done anything at all', async () => {
    const { report } = await stuck((run) => run.stop('now'))
    expect(told(report)).toEqual(['invalid', 'not-started'])
  })

  it('while it waits for its time does not wait on', async () => {
    const { report } = await fall({}, {}, ({ run }) => soon(500).then(() => run.stop('drain')), {
      startAtMs: Date.now() + 60_000,
    })
    expect(told(report)).toEqual(['invalid', 'not-started'])
  })

  it('in its midst drains: what was sent is judged, nothing new is sent', async () => {
    const { report } = await fall(
      {},
      { publish: { limit: 1_000 }, stages: [{ for: '60s' }] },
      async ({ broker, run }) => {
        await acceptedBy(broker, 100)
        run.stop('drain')
        run.stop('drain')
      },
    )

    expect(told(report)).toEqual(['inconclusive', 'interrupted'])
    expect(report.run.interrupted).toBe(true)
    expect(report.books.sent).toBeLessThan(200)
    expect(report.observers.mqtt).toMatchObject({ delivered: report.books.sent, missing: 0 })
    expect(report.run.durationMs).toBeLessThan(10_000)
  })

  it('twice waits neither for acknowledgements nor for what is late', async () => {
    const { report } = await fall(
      { neverAck: true, drop: 0.5 },
      {
        fleet: { session: { inFlight: 1_000 } },
        stages: [{ for: '60s' }],
        drain: { grace: '50s', quiet: '10s' },
      },
      async ({ broker, run }) => {
        await acceptedBy(broker, 60)
        run.stop('drain')
        await soon(300)
        run.stop('now')
        run.stop('drain')
        run.stop('now')
      },
    )

    expect(report.run.durationMs).toBeLessThan(5_000)
    expect(report.verdict).toBe('inconclusive')
    expect(report.reasons.map(({ code }) => code)).toContain('interrupted')
    expect(report.observers.mqtt).toMatchObject({ lost: 0 })
    expect(report.books.inDoubtByReason).toEqual({ unacknowledged: report.books.sent })
  })

  it('in its drain ends there and then, and proves no loss', async () => {
    const { report } = await fall(
      { script: (_message, _stream, seq, deliver) => void (seq < 19 && deliver()) },
      { stages: [{ for: '600ms' }], drain: { grace: '50s', quiet: '10s' } },
      async ({ run }) => {
        await new Promise<void>((resolve) =>
          run.progress(({ state, drainRemainingMs }) => {
            if (state === 'draining' && drainRemainingMs !== undefined) resolve()
          }),
        )
        run.stop('now')
      },
    )

    expect(told(report)).toEqual(['inconclusive', 'drain-incomplete', 'interrupted'])
    expect(report.observers.mqtt).toMatchObject({ lost: 0, inconclusive: 4 })
  })
})

describe.concurrent('a run in which nothing is due', UNLESS_PAUSED, () => {
  it('says that nothing was sent, and does not wait for it', async () => {
    const { report } = await fall({}, { stages: [{ for: '400ms', rate: 0 }], drain: { grace: '50s' } })

    expect(told(report)).toEqual(['invalid', 'nothing-sent', 'fleet-silent'])
    expect(report.run.durationMs).toBeLessThan(4_000)
  })
})

/** Workers inside this process of which one is killed by `kill`. */
function mortal(options: ReturnType<typeof inProcessOptions>) {
  const workers = new Map<WorkerRole, { kill(): void }[]>()
  const factory: WorkerFactory = {
    start<Down, Up>(role: WorkerRole): Worker<Down, Up> {
      const worker = options.workers.start<Down, Up>(role)
      workers.set(role, [...(workers.get(role) ?? []), worker])
      return worker
    },
  }
  return { workers: factory, kill: (role: WorkerRole, index = 0) => workers.get(role)?.[index]?.kill() }
}

describe.concurrent('a run whose worker dies', UNLESS_PAUSED, () => {
  const profile = trapProfile({ publish: { limit: 50 }, stages: [{ for: '1500ms' }] })

  it.each(['shard', 'probe', 'broker'] as const)(
    'before it begins (%s) is given up with its name',
    async (role) => {
      const { workers, kill } = mortal(inProcessOptions(profile))
      const run = runInProcess(profile, { workers })
      const timer = setInterval(() => kill(role), 1)
      const error = await run.done.catch((thrown: unknown) => thrown)
      clearInterval(timer)

      expect(error).toBeInstanceOf(AppError)
      expect(error).toMatchObject({ code: 'WORKER_FAILED' })
    },
  )

  it('as probe in its drain leaves the delivery open', async () => {
    const { workers, kill } = mortal(inProcessOptions(profile))
    const { report } = await fall(
      { script: (_message, _stream, seq, deliver) => void (seq < 5 && deliver()) },
      { stages: [{ for: '600ms' }], drain: { grace: '50s', quiet: '10s' } },
      async ({ run }) => {
        await new Promise<void>((resolve) =>
          run.progress(({ state, drainRemainingMs }) => {
            if (state === 'draining' && drainRemainingMs !== undefined) resolve()
          }),
        )
        kill('probe')
      },
      { workers },
    )

    expect(report.run.durationMs).toBeLessThan(5_000)
    expect(told(report)).toEqual(['inconclusive', 'observer-blind'])
    expect(report.observers.mqtt).toMatchObject({ lost: 0, inconclusive: 80 })
  })

  it('as one of two shards in its quiesce costs the verdict and no more', async () => {
    const { workers, kill } = mortal(inProcessOptions(profile))
    const { report } = await fall(
      {},
      { stages: [{ for: '700ms' }] },
      async ({ broker }) => {
        await acceptedBy(broker, 70)
        kill('shard', 1)
      },
      { workers, shards: 2 },
    )

    expect(told(report)[0]).toBe('invalid')
    expect(told(report)[1]).toBe('shard-died')
    expect(report.observers.mqtt).toMatchObject({ lost: 0, phantom: 0 })
  })

  it('as all of its shards ends at once', async () => {
    const { workers, kill } = mortal(inProcessOptions(profile))
    const { report } = await fall(
      {},
      { stages: [{ for: '60s' }] },
      async ({ broker }) => {
        await acceptedBy(broker, 30)
        kill('shard', 0)
        kill('shard', 1)
      },
      { workers, shards: 2 },
    )

    expect(told(report).slice(0, 3)).toEqual(['invalid', 'shard-died', 'shard-died'])
    expect(report.run.durationMs).toBeLessThan(10_000)
  })
})
