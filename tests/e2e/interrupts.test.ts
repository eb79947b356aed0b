import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { CliProcess } from '../support/cli.ts'
import { processesOfGroup } from '../support/process-table.ts'
import { useScratch } from '../support/scratch.ts'
import { shortProfile } from '../support/short-profile.ts'
import { validReport } from '../support/valid-report.ts'

const scratch = useScratch()
const profile = scratch.write('long.json', shortProfile({ for: '60s' }))
const slow = scratch.write(
  'slow.json',
  shortProfile({ for: '60s', fleet: { count: 5, subscribe: [] }, drain: { grace: '60s', quiet: '20s' } }),
)
const RUNNING = /Running 00:/

describe.concurrent('Ctrl-C', () => {
  it('drains, reports what was measured and ends with 130', async () => {
    const run = new CliProcess(['run', profile, '--json'], { cwd: scratch.path })
    await run.seen(RUNNING)
    run.killGroup('SIGINT')
    const result = await run.done

    expect(result).toMatchObject({ exitCode: 130, orphans: [] })
    expect(result.tookMs).toBeLessThan(25_000)
    const report = validReport(result.stdout)
    expect(report.run.interrupted).toBe(true)
    expect(report.books.sent).toBeGreaterThan(0)
    expect(report.observers.mqtt).toMatchObject({ delivered: report.books.sent, missing: 0, lost: 0 })
    expect(report.latency.e2eFromIntended.count).toBe(report.books.sent)
    expect(result.stderr).toContain('Draining. Ctrl-C again stops at once.\n')
  })

  it('stops at once the second time and still reports', async () => {
    const run = new CliProcess(['run', slow], { cwd: scratch.path })
    await run.seen(RUNNING)
    run.killGroup('SIGINT')
    await run.seen('Draining. Ctrl-C again')
    await sleep(300)
    const againMs = performance.now()
    run.killGroup('SIGINT')
    const result = await run.done

    expect(result).toMatchObject({ exitCode: 130, orphans: [] })
    expect(performance.now() - againMs).toBeLessThan(5_000)
    expect(result.stderr).toContain('Stopping at once.')
    expect(result.stdout).toContain('stopped by hand')
    expect(result.stdout).not.toMatch(/\blost [1-9]/)
  })

  it('before the run has begun ends it as well', async () => {
    const run = new CliProcess(['run', profile], { cwd: scratch.path })
    await expect.poll(() => run.workers('broker').length, { timeout: 10_000 }).toBe(1)
    run.killGroup('SIGINT')
    const result = await run.done

    expect(result).toMatchObject({ exitCode: 130, orphans: [] })
    expect(result.tookMs).toBeLessThan(20_000)
  })

  it.each(['SIGTERM', 'SIGHUP'] as const)('means what %s means', async (signal) => {
    const run = new CliProcess(['run', profile, '--quiet'], { cwd: scratch.path })
    await expect.poll(() => run.workers('shard').length, { timeout: 10_000 }).toBe(1)
    await sleep(1_000)
    run.kill(signal)
    const result = await run.done

    expect(result).toMatchObject({ exitCode: 130, orphans: [] })
    expect(result.stdout).toContain('stopped by hand')
  })
})

describe.concurrent('a command that is killed', () => {
  it('leaves no worker behind', async () => {
    const run = new CliProcess(['run', profile, '--shards', '2'], { cwd: scratch.path })
    await run.seen(RUNNING)
    expect(processesOfGroup(run.pid)).toHaveLength(5)
    run.kill('SIGKILL')
    const result = await run.done

    // `orphans` waits for two seconds.
    expect(result).toMatchObject({ exitCode: null, orphans: [] })
  })
})
