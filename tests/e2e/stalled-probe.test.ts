import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { CliProcess } from '../support/cli.ts'
import { startMosquitto } from '../support/mosquitto.ts'
import { describeWithMosquitto } from '../support/needs.ts'
import { useScratch } from '../support/scratch.ts'
import { SysCounter } from '../support/sys-counter.ts'
import { validReport } from '../support/valid-report.ts'

const scratch = useScratch()

describeWithMosquitto('a probe that stands still', () => {
  it('makes the broker drop for it, and that is no loss', async () => {
    // Its queue holds 0.6 s of these messages: shorter pauses, which a busy machine makes, cost nothing.
    const mosquitto = await startMosquitto({ settings: ['sys_interval 1', 'max_queued_messages 60'] })
    const counter = await SysCounter.watch(mosquitto.port, ['publish/messages/dropped'])
    const profile = scratch.write(
      'stall.json',
      JSON.stringify({
        version: 1,
        broker: { url: `mqtt://127.0.0.1:${mosquitto.port}`, protocol: 4 },
        fleets: [{ count: 10, publish: [{ topic: 't/{{device}}', qos: 1, rate: '10/s' }] }],
        stages: [{ for: '7s' }],
        drain: { grace: '1s', quiet: '500ms' },
      }),
    )
    const run = new CliProcess(['run', profile, '--json'], { cwd: scratch.path })
    await run.seen(/Running 00:/)
    const [probe] = run.workers('probe')
    if (!probe) throw new Error('no probe was running')
    process.kill(probe.pid, 'SIGSTOP')
    await sleep(2_500)
    process.kill(probe.pid, 'SIGCONT')
    const { stdout } = await run.done
    const [dropped = 0] = await counter.read()
    await counter.stop()
    await mosquitto.stop()

    const report = validReport(stdout)
    expect(dropped).toBeGreaterThan(100)
    expect(report.observers.mqtt).toMatchObject({ missing: dropped, lost: 0, inconclusive: dropped })
    expect(report.verdict).toBe('inconclusive')
    expect(report.reasons.map(({ code }) => code)).toEqual(['observer-blind'])
    expect(report.reasons[0]?.text).toMatch(/the probe stood still for [23]\.\d s/)
  })
})
