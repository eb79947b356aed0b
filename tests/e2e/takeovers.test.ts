import mqtt from 'mqtt'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type EmbeddedBroker, startEmbeddedBroker } from '../../simulators/broker/embedded-broker.ts'
import { CliProcess, flotilla } from '../support/cli.ts'
import { useScratch } from '../support/scratch.ts'
import { shortProfile } from '../support/short-profile.ts'
import { validReport } from '../support/valid-report.ts'

const scratch = useScratch()
const TAKEN_OVER = 'session taken over (0x8e)'
const reconnect = { policy: 'fixed', delay: '500ms' } as const

// Mosquitto 2.0.11 closes without a word; our broker says why, as MQTT-3.1.4-3 wants.
let broker: EmbeddedBroker
beforeAll(async () => {
  broker = await startEmbeddedBroker('127.0.0.1', (error) => expect.fail(error.message))
})
afterAll(() => broker.stop())

describe.concurrent('client ids that somebody else has too', () => {
  it('are taken over by a stranger, which is named', async () => {
    const { port } = broker
    const fleet = { clientId: 'meter-{{index}}', reconnect }
    const file = scratch.write('stranger.json', shortProfile({ port, fleet, for: '4s' }))
    const run = new CliProcess(['run', file, '--json'], { cwd: scratch.path })
    await run.seen(/Running 00:/)
    const url = `mqtt://127.0.0.1:${port}`
    const stranger = mqtt.connect(url, { clientId: 'meter-2', reconnectPeriod: 0, protocolVersion: 5 })
    const result = await run.done
    await stranger.endAsync(true)

    expect(result.orphans).toEqual([])
    const report = validReport(result.stdout)
    expect(report.connections.byReason).toEqual({ [TAKEN_OVER]: 1 })
    expect(report.connections).toMatchObject({ disconnects: 1, reconnects: 1 })
    expect(report.observers.mqtt?.lost).toBe(0)
    expect(result.stderr).toContain(`${TAKEN_OVER} (meters)`)
  })

  it('are fought over by two runs, and both say so', async () => {
    const fleet = { clientId: 'twin-{{index}}', reconnect }
    const file = scratch.write('twins.json', shortProfile({ port: broker.port, fleet, for: '5s' }))
    const twin = () => flotilla(['run', file, '--json', '--quiet'], { cwd: scratch.path })
    const results = await Promise.all([twin(), twin()])

    for (const { orphans, stdout } of results) {
      expect(orphans).toEqual([])
      const report = validReport(stdout)
      expect(report.connections.byReason[TAKEN_OVER]).toBeGreaterThan(0)
      expect(report.observers.mqtt?.lost).toBe(0)
    }
  })
})
