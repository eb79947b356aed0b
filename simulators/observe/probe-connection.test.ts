import { describe, expect, it } from 'vitest'
import { markedPayload } from '../../tests/support/marked-payload.ts'
import { delivered, identity, PROBE_ID, probeRig } from '../../tests/support/probe-rig.ts'
import { SinfulBroker, startSinfulBroker } from '../../tests/support/sinful-broker.ts'
import { until } from '../../tests/support/until.ts'
import type { Probe } from './probe.ts'

const { atEnd, probeOn, publisherOn } = probeRig()

describe('a connection that breaks', () => {
  async function broken(broker: SinfulBroker, probe: Probe) {
    broker.kill((clientId) => clientId.startsWith('flotilla-probe'))
    await until(() => probe.sample().blindSinceMs !== null)
    await until(() => probe.sample().blindSinceMs === null)
    return probe.read().reading.health
  }

  it.each(['3.1.1', 5] as const)(
    'is a blind span; the session keeps QoS 1 (version %s)',
    async (protocol) => {
      const broker = await startSinfulBroker()
      atEnd(() => broker.stop())
      const probe = await probeOn(broker.port, {
        broker: { url: `mqtt://127.0.0.1:${broker.port}`, protocol },
      })
      const publisher = await publisherOn(broker.port)
      await publisher.publishAsync('t/1', markedPayload(identity(0)), { qos: 1 })
      await until(() => delivered(probe) === 1)
      broker.kill((clientId) => clientId.startsWith('flotilla-probe'))
      await publisher.publishAsync('t/1', markedPayload(identity(1)), { qos: 1 })
      await until(() => delivered(probe) === 2)
      await until(() => probe.sample().blindSinceMs === null)
      const { health } = probe.read().reading
      expect(health.reconnects).toBe(1)
      expect(health.blind).toMatchObject([
        { why: expect.stringMatching(/connection 0 lost.*session resumed/) },
      ])
      const [span] = health.blind
      expect(span?.fromMs).toBeGreaterThan(0)
      expect(span?.toMs).toBeGreaterThan(span?.fromMs ?? 0)
    },
  )

  it('subscribes anew when the broker has forgotten the session', async () => {
    const broker = await startSinfulBroker()
    atEnd(() => broker.stop())
    const probe = await probeOn(broker.port)
    broker.sessions.get(PROBE_ID)?.filters.clear()
    for (const session of broker.sessions.values()) session.keepsAfterClose = false
    const health = await broken(broker, probe)
    expect(health.blind).toMatchObject([{ why: expect.stringContaining('session lost: subscribed anew') }])
    const publisher = await publisherOn(broker.port)
    await publisher.publishAsync('t/1', markedPayload(identity(0)), { qos: 1 })
    await until(() => delivered(probe) === 1)
  })

  it('says why when the broker took the session from it', async () => {
    const broker = await startSinfulBroker()
    atEnd(() => broker.stop())
    const probe = await probeOn(broker.port)
    broker.takeOver(PROBE_ID)
    await until(() => probe.read().reading.health.reconnects === 1)
    expect(probe.read().reading.health.blind[0]?.why).toContain('session taken over (0x8e)')
  })

  it('stays blind while the broker is away, and sees again when it is back', async () => {
    const first = await startSinfulBroker()
    const probe = await probeOn(first.port)
    await first.stop()
    await until(() => probe.sample().blindSinceMs !== null)
    expect(probe.read().reading.health.blind).toMatchObject([{ toMs: Number.POSITIVE_INFINITY }])
    const second = await new SinfulBroker(1, {}).listen(first.port)
    atEnd(() => second.stop())
    await until(() => probe.sample().blindSinceMs === null)
    expect(probe.read().reading.health.blind).toHaveLength(1)
    expect(probe.read().reading.health.blind[0]?.toMs).toBeLessThan(Number.POSITIVE_INFINITY)
  })
})

describe('sessions', () => {
  it.each(['3.1.1', 5] as const)('leave nothing behind at the broker (version %s)', async (protocol) => {
    const broker = await startSinfulBroker()
    atEnd(() => broker.stop())
    const url = `mqtt://127.0.0.1:${broker.port}`
    for (const clientId of [undefined, 'mine']) {
      const probe = await probeOn(broker.port, {
        broker: { url, protocol },
        observe: { probe: clientId === undefined ? {} : { clientId } },
      })
      expect([...broker.sessions.keys()]).toEqual([clientId ?? PROBE_ID])
      await probe.stop()
      await until(() => broker.sessions.size === 0)
    }
  })
})
