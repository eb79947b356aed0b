import { basename } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkBalance } from '../../simulators/report/balance.ts'
import { makeCertificates } from '../support/certificates.ts'
import { freePort } from '../support/free-port.ts'
import { runInProcess } from '../support/in-process-run.ts'
import { startMosquitto } from '../support/mosquitto.ts'
import { describeWithMosquitto } from '../support/needs.ts'

describe('a run over emulated links', () => {
  it('delivers every message, none sooner than the delay of the link', async () => {
    const { done } = runInProcess({
      version: 1,
      fleets: [
        {
          count: 10,
          connect: { rate: '1000/s' },
          link: { up: { delay: '120ms', rate: '64kbit/s' }, down: { delay: '80ms' } },
          publish: [{ topic: 't/{{device}}', qos: 1, every: '200ms' }],
        },
      ],
      stages: [{ for: '2s' }],
    })

    const report = await done

    expect(report.reasons).toEqual([expect.objectContaining({ code: 'all-delivered' })])
    expect(report.latency.e2eFromSent.min).toBeGreaterThanOrEqual(120)
    expect(report.latency.ack.min).toBeGreaterThanOrEqual(200)
    expect(report.latency.connect.min).toBeGreaterThanOrEqual(400)
    expect(checkBalance(report)).toEqual([])
  })

  it('gives the devices of a fleet the links of its mix', async () => {
    const { done } = runInProcess({
      version: 1,
      fleets: [
        {
          count: 20,
          connect: { rate: '1000/s' },
          link: [
            { weight: 3, up: { delay: '5ms' } },
            { weight: 1, up: { delay: '300ms' } },
          ],
          publish: [{ topic: 't/{{device}}', qos: 1, every: '100ms' }],
        },
      ],
      stages: [{ for: '2s' }],
    })

    const { latency, verdict } = await done

    expect(verdict).toBe('pass')
    expect(latency.e2eFromSent.p50).toBeLessThan(150)
    expect(latency.e2eFromSent.p95).toBeGreaterThanOrEqual(300)
  })
})

describeWithMosquitto('links under other transports', () => {
  it('makes a WebSocket pay for the link, handshake included', async () => {
    const ws = await freePort()
    // Mosquitto 2.0.11 counts no WebSocket listener: it starts only with another one beside it.
    const broker = await startMosquitto({
      listener: [`listener ${ws} 127.0.0.1`, 'protocol websockets', 'listener {port} 127.0.0.1'],
    })
    const { done } = runInProcess({
      version: 1,
      broker: { url: `ws://127.0.0.1:${ws}/mqtt`, protocol: '3.1.1' },
      fleets: [
        {
          count: 3,
          connect: { rate: '1000/s' },
          link: { up: { delay: '50ms' }, down: { delay: '50ms' } },
          publish: [{ topic: 't/{{device}}', qos: 1, every: '200ms' }],
        },
      ],
      stages: [{ for: '2s' }],
    })

    const report = await done
    await broker.stop()

    expect(report.verdict).toBe('pass')
    // TCP, the upgrade and CONNECT: a round trip each.
    expect(report.latency.connect.min).toBeGreaterThanOrEqual(300)
    expect(report.latency.ack.min).toBeGreaterThanOrEqual(100)
  })

  it('makes TLS pay for the link, handshake included', async () => {
    const files = await makeCertificates()
    const broker = await startMosquitto({
      listener: ['listener {port} 127.0.0.1', `certfile ${files.server}`, `keyfile ${files.serverKey}`],
    })
    const url = `mqtts://127.0.0.1:${broker.port}`
    const { done } = runInProcess(
      {
        version: 1,
        broker: { url, protocol: '3.1.1', tls: { ca: basename(files.ca) } },
        fleets: [
          {
            count: 3,
            connect: { rate: '1000/s' },
            link: { up: { delay: '50ms' }, down: { delay: '50ms' } },
            publish: [{ topic: 't/{{device}}', qos: 1, every: '200ms' }],
          },
        ],
        stages: [{ for: '2s' }],
      },
      { baseDir: files.folder },
    )

    const report = await done
    await broker.stop()

    expect(report.verdict).toBe('pass')
    // TCP, one round trip of TLS 1.3, and CONNECT.
    expect(report.latency.connect.min).toBeGreaterThanOrEqual(300)
    expect(report.latency.ack.min).toBeGreaterThanOrEqual(100)
  })
})
