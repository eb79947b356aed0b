import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { CliProcess } from '../support/cli.ts'
import { startMosquitto } from '../support/mosquitto.ts'
import { describeWithMosquitto } from '../support/needs.ts'
import { useScratch } from '../support/scratch.ts'
import { type ShortProfile, shortProfile } from '../support/short-profile.ts'
import { validReport } from '../support/valid-report.ts'

const scratch = useScratch()

/** A run whose broker is killed in the middle and comes back on the same port a second later. */
async function brokenRun(name: string, profile: ShortProfile) {
  const first = await startMosquitto()
  const file = scratch.write(`${name}.json`, shortProfile({ ...profile, port: first.port, for: '7s' }))
  const run = new CliProcess(['run', file, '--json'], { cwd: scratch.path })
  await run.seen(/Running 00:/)
  await sleep(1_500)
  await first.stop('SIGKILL')
  await sleep(1_000)
  const second = await startMosquitto({ port: first.port })
  const result = await run.done.finally(() => second.stop())
  expect(result.orphans).toEqual([])
  return { ...result, report: validReport(result.stdout) }
}

describeWithMosquitto.concurrent('a broker that dies in mid-run and comes back', () => {
  it.each([0, 1, 2] as const)('at QoS %i loses nothing that was only in doubt', async (qos) => {
    const publish = [{ topic: 'site/{{device}}', qos, every: '20ms' }]
    const { report, exitCode, stderr } = await brokenRun(`comeback-${qos}`, { fleet: { publish } })

    expect(report.connections).toMatchObject({ planned: 5, connected: 5, disconnects: 5, reconnects: 5 })
    expect(report.connections.failures).toBeGreaterThan(0)
    const health = report.observers.mqtt?.health
    expect(health).toMatchObject({ reconnects: 1 })
    const [span] = health?.blind ?? []
    expect((span?.toMs ?? 0) - (span?.fromMs ?? 0)).toBeGreaterThan(800)
    expect(span?.why).toMatch(/connection 0 lost.*; session lost: subscribed anew/)
    // Whatever fell into the time of which nobody knows is not called lost.
    expect(report.observers.mqtt).toMatchObject({ lost: 0, phantom: 0, corrupt: 0 })
    expect(['pass', 'inconclusive']).toContain(report.verdict)
    expect(exitCode).toBe(report.verdict === 'pass' ? 0 : 5)
    // What was never acknowledged may be absent without anyone at fault; of the rest nobody knows.
    if ((report.observers.mqtt?.inconclusive ?? 0) > 0) expect(report.verdict).toBe('inconclusive')
    // The run went on: five devices, fifty a second each, for seven seconds.
    expect(report.books.generated).toBeGreaterThan(1_500)
    expect(report.series.points.at(-2)?.delivered ?? 0).toBeGreaterThan(100)
    expect(stderr).toMatch(/(closed|reset) the connection.*\(meters\)/)
  })

  it('finds what its devices have stored meanwhile', async () => {
    const offline = { store: 1_000, full: 'drop-oldest' } as const
    // They come back when the probe can see again.
    const reconnect = { policy: 'fixed', delay: '2s' } as const
    const { report } = await brokenRun('stored', { fleet: { offline, reconnect } })

    expect(report.books.notSent.total).toBe(0)
    expect(report.latency.e2eFromIntended.max).toBeGreaterThan(1_500)
    expect(report.latency.e2eFromSent.max).toBeLessThan(1_000)
  })

  it('misses what devices without a store have dropped meanwhile', async () => {
    const { report } = await brokenRun('dropped', { fleet: { offline: 'drop' } })

    expect(report.books.notSent.byReason).toEqual({ offline: report.books.notSent.total })
    expect(report.books.notSent.total).toBeGreaterThan(5 * 5)
  })
})

describeWithMosquitto.concurrent('a broker that dies in mid-run and stays away', () => {
  it('ends the run in its own time, without a false loss', async () => {
    const broker = await startMosquitto()
    const file = scratch.write('gone.json', shortProfile({ port: broker.port, for: '4s' }))
    const run = new CliProcess(['run', file, '--json'], { cwd: scratch.path })
    await run.seen(/Running 00:/)
    await sleep(1_000)
    await broker.stop('SIGKILL')
    const { exitCode, stdout, orphans } = await run.done

    const report = validReport(stdout)
    expect(orphans).toEqual([])
    expect(exitCode).toBe(5)
    expect(report.verdict).toBe('inconclusive')
    expect(report.observers.mqtt?.lost).toBe(0)
    expect(report.observers.mqtt?.health.blind).toMatchObject([{ toMs: null }])
  })
})
