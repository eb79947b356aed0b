import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectAsync } from 'mqtt'
import { expect, it } from 'vitest'
import { runInProcess } from '../support/in-process-run.ts'
import { startMosquitto } from '../support/mosquitto.ts'
import { describeWithMosquitto } from '../support/needs.ts'
import { SysCounter } from '../support/sys-counter.ts'
import { findingsTold, mustHaveKeptUp, told, trapProfile, UNLESS_PAUSED } from '../support/trap.ts'

describeWithMosquitto('Mosquitto', UNLESS_PAUSED, () => {
  it.concurrent('drops for a probe that keeps up, because its queue is short: lost, as many as it says itself', async ({
    onTestFinished,
  }) => {
    const mosquitto = await startMosquitto({
      settings: ['sys_interval 1', 'max_queued_messages 10', 'max_inflight_messages 2'],
    })
    onTestFinished(() => mosquitto.stop())
    const counter = await SysCounter.watch(mosquitto.port, [
      'publish/messages/received',
      'publish/messages/dropped',
    ])
    const profile = trapProfile({
      fleet: { count: 20, session: { inFlight: 100 } },
      publish: { every: '1s', limit: 100, arrival: { burst: 50 } },
      stages: [{ for: '3s' }],
    })
    const url = `mqtt://127.0.0.1:${mosquitto.port}`
    const report = await runInProcess({ ...profile, broker: { url, protocol: 4 } }).done
    const [received, dropped = 0] = await counter.read()
    await counter.stop()
    mustHaveKeptUp(report)

    expect(received).toBe(report.books.sent)
    expect(dropped).toBeGreaterThan(100)
    expect(told(report)).toEqual(['fail', 'lost'])
    expect(findingsTold(report)).toEqual([`violation lost ${dropped}`])
    expect(report.observers.mqtt).toMatchObject({ lost: dropped, inconclusive: 0 })
    expect(report.observers.mqtt?.violations[0]?.explanation).toContain('such as a full queue')
  })

  it.concurrent('lets nobody read: the probe is told of the subscription and sees nothing, so nothing is called lost', async ({
    onTestFinished,
  }) => {
    const folder = await mkdtemp(join(tmpdir(), 'flotilla-acl-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const acl = join(folder, 'acl')
    await writeFile(acl, 'topic write t/#\n', { mode: 0o600 })
    const mosquitto = await startMosquitto({ settings: [`acl_file ${acl}`] })
    onTestFinished(() => mosquitto.stop())
    const url = `mqtt://127.0.0.1:${mosquitto.port}`
    const report = await runInProcess({ ...trapProfile({}), broker: { url, protocol: 5 } }).done
    mustHaveKeptUp(report)

    expect(report.books.acked).toBe(80)
    expect(told(report)).toEqual(['inconclusive', 'nothing-delivered'])
    expect(report.observers.mqtt).toMatchObject({ delivered: 0, lost: 0, inconclusive: 80 })
  })

  it.concurrent('replays retained messages to a probe that comes back: neither copies nor arrivals', async ({
    onTestFinished,
  }) => {
    const mosquitto = await startMosquitto()
    onTestFinished(() => mosquitto.stop())
    const url = `mqtt://127.0.0.1:${mosquitto.port}`
    const profile = trapProfile({
      publish: { retain: true, limit: 60, qos: 0 },
      stages: [{ for: '2s' }],
      observe: { probe: { clientId: 'the-probe' } },
    })
    const run = runInProcess({ ...profile, broker: { url, protocol: 4 } })
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    const thief = await connectAsync(url, { clientId: 'the-probe', protocolVersion: 4 })
    await thief.endAsync()
    const report = await run.done
    mustHaveKeptUp(report)

    expect(report.observers.mqtt?.health.reconnects).toBeGreaterThan(0)
    expect(report.observers.mqtt?.retained).toBeGreaterThan(0)
    expect(report.observers.mqtt).toMatchObject({ duplicates: 0, lost: 0, phantom: 0 })
  })

  it.concurrent('restarts without its memory: what was in flight is in doubt, and nothing is called lost', async ({
    onTestFinished,
  }) => {
    const mosquitto = await startMosquitto()
    onTestFinished(() => mosquitto.stop())
    const url = `mqtt://127.0.0.1:${mosquitto.port}`
    const profile = trapProfile({
      fleet: { clientId: '{{device}}', session: { cleanStart: false, expiry: '1h' } },
      publish: { limit: 100 },
      stages: [{ for: '3s' }],
      drain: { grace: '1s', quiet: '500ms' },
    })
    const run = runInProcess({ ...profile, broker: { url, protocol: 5 } })
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    await mosquitto.stop('SIGKILL')
    const again = await startMosquitto({ port: mosquitto.port })
    onTestFinished(() => again.stop())
    const report = await run.done
    mustHaveKeptUp(report)

    expect(report.connections).toMatchObject({ connected: 4, disconnects: 4, reconnects: 4 })
    expect(report.observers.mqtt?.lost).toBe(0)
    expect(report.observers.mqtt?.delivered).toBeGreaterThan(200)
    expect(['pass', 'inconclusive']).toContain(report.verdict)
  })
})
