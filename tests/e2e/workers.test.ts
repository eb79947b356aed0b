import { describe, expect, it } from 'vitest'
import { CliProcess } from '../support/cli.ts'
import { useScratch } from '../support/scratch.ts'
import { shortProfile } from '../support/short-profile.ts'
import { validReport } from '../support/valid-report.ts'

const scratch = useScratch()
const profile = scratch.write('workers.json', shortProfile({ for: '8s', fleet: { count: 10 } }))

/** Starts a run and kills one of its workers once messages flow. */
async function kill(role: 'shard' | 'probe' | 'broker', args: string[], noticed: RegExp) {
  const run = new CliProcess(['run', profile, '--json', ...args], { cwd: scratch.path })
  await run.seen(/Running 00:/)
  const [victim] = run.workers(role)
  if (!victim) throw new Error(`no ${role} was running`)
  process.kill(victim.pid, 'SIGKILL')
  await run.seen(noticed, 2_000)
  const result = await run.done
  expect(result.orphans).toEqual([])
  return { ...result, report: validReport(result.stdout) }
}

describe.concurrent('a worker that is killed', () => {
  it('as shard costs its devices and the verdict, and nothing else', async () => {
    const noticed = /Shard 0 killed by SIGKILL, and with it 5 devices .+; the run goes on/
    const { exitCode, report } = await kill('shard', ['--shards', '2'], noticed)

    expect(exitCode).toBe(5)
    expect(report.verdict).toBe('invalid')
    expect(report.reasons[0]?.text).toMatch(/shard/i)
    expect(report.generator.shards).toMatchObject([
      { shard: 0, devices: 5, ended: 'killed' },
      { shard: 1, devices: 5, ended: 'normally' },
    ])
    // The other half went on to the end.
    expect(report.run.durationMs).toBeGreaterThan(8_000)
    expect(report.books.sent).toBeGreaterThan(5 * 70)
    expect(report.observers.mqtt?.lost).toBe(0)
  })

  it('as probe leaves the delivery open', async () => {
    const { exitCode, report } = await kill('probe', [], /The probe killed by SIGKILL/)

    expect(exitCode).toBe(5)
    expect(report.verdict).toBe('inconclusive')
    expect(report.reasons.map(({ text }) => text).join()).toMatch(/probe/)
    expect(report.observers.mqtt).toMatchObject({ delivered: 0, lost: 0 })
    expect(report.observers.mqtt?.health.blind).toEqual([
      expect.objectContaining({ fromMs: 0, toMs: null, why: 'the probe killed by SIGKILL' }),
    ])
    expect(report.books.acked).toBeGreaterThan(10 * 70)
  })

  it('as embedded broker loses nothing in the books', async () => {
    const { exitCode, report } = await kill('broker', [], /The embedded broker killed by SIGKILL/)

    // Nobody waits for what cannot come back.
    expect(report.run.durationMs).toBeLessThan(7_000)
    expect(exitCode).toBe(5)
    expect(report.verdict).toBe('invalid')
    expect(report.reasons[0]?.text).toContain('The embedded broker killed by SIGKILL')
    expect(report.run.interrupted).toBe(false)
    expect(report.observers.mqtt?.lost).toBe(0)
    expect(report.books.acked).toBeGreaterThan(0)
  })
})
