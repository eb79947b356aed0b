import { describe, expect, it } from 'vitest'
import type { SinfulBroker } from '../support/sinful-broker.ts'
import { acceptedBy, fall, findingsTold, type Trap, told, UNLESS_PAUSED } from '../support/trap.ts'

/** What the broker calls the probe. */
function probeId(broker: SinfulBroker): string {
  const id = [...broker.sessions.keys()].find((clientId) => clientId.startsWith('flotilla-probe'))
  return id ?? expect.fail('no probe')
}

/** A run long enough to do something in its midst. */
const long = { stages: [{ for: '1500ms' }], drain: { grace: '1s', quiet: '300ms' } }
const steady = { every: '20ms', limit: 60 }
const total = 240

function breakProbe({ broker }: Trap): void {
  broker.kill((clientId) => clientId === probeId(broker))
}

describe.concurrent('a probe that loses its connection', UNLESS_PAUSED, () => {
  it('and its session is kept: nothing is missing, and the report tells when it was blind', async () => {
    const { report } = await fall({}, { ...long, publish: steady }, async (trap) => {
      await acceptedBy(trap.broker, 80)
      breakProbe(trap)
    })

    expect(told(report)).toEqual(['pass', 'all-delivered'])
    expect(report.observers.mqtt).toMatchObject({ delivered: total, lost: 0, reordered: 0 })
    expect(report.observers.mqtt?.health.reconnects).toBe(1)
    expect(report.observers.mqtt?.health.blind).toEqual([
      {
        fromMs: expect.any(Number),
        toMs: expect.any(Number),
        why: expect.stringContaining('session resumed'),
      },
    ])
  })

  it('and repeats at QoS 2 what it had not yet confirmed: no duplicate', async () => {
    const { report } = await fall({}, { ...long, publish: { ...steady, qos: 2 } }, async (trap) => {
      for (const count of [40, 90, 140]) {
        await acceptedBy(trap.broker, count)
        breakProbe(trap)
      }
    })

    expect(told(report)).toEqual(['pass', 'all-delivered'])
    expect(report.observers.mqtt).toMatchObject({ delivered: total, duplicates: 0, reordered: 0 })
  })

  it('and repeats at QoS 1 what it had not yet confirmed: copies, which are allowed', async () => {
    const { report } = await fall({}, { ...long, publish: steady }, async (trap) => {
      for (const count of [40, 90, 140]) {
        await acceptedBy(trap.broker, count)
        breakProbe(trap)
      }
    })

    expect(told(report)).toEqual(['pass', 'all-delivered'])
    expect(report.observers.mqtt).toMatchObject({ delivered: total, reordered: 0, violations: [] })
  })

  it('at QoS 0: what passed meanwhile is open, what was dropped before is lost', async () => {
    let isBefore = true
    const { report, broker } = await fall(
      { script: (_message, _stream, seq, deliver) => void (!(isBefore && seq === 5) && deliver()) },
      { ...long, publish: { ...steady, qos: 0 } },
      async (trap) => {
        await acceptedBy(trap.broker, 80)
        // Well apart: what was dropped a moment before a break may be due to it.
        isBefore = false
        breakProbe(trap)
      },
    )

    const { dropped } = broker.truth.counts()
    expect(dropped).toBeGreaterThan(4)
    expect(told(report)).toEqual(['inconclusive', 'observer-blind'])
    // What the broker had written into the breaking connection counts as delivered there, and never arrived.
    const missing = report.observers.mqtt?.missing ?? 0
    expect(missing).toBeGreaterThanOrEqual(dropped)
    expect(report.observers.mqtt).toMatchObject({ lost: 4, inconclusive: missing - 4 })
  })

  it('because another client took its name (0x8e), and says so', async () => {
    const { report } = await fall({}, { ...long, publish: { ...steady, qos: 0 } }, async ({ broker }) => {
      await acceptedBy(broker, 80)
      broker.takeOver(probeId(broker))
    })

    expect(told(report)).toEqual(['inconclusive', 'observer-blind'])
    expect(report.reasons[0]?.text).toContain('session taken over (0x8e)')
    expect(report.observers.mqtt).toMatchObject({ lost: 0 })
    expect(report.observers.mqtt?.inconclusive).toBeGreaterThan(0)
  })

  it('and the broker forgets its session: what passed meanwhile is open, not lost', async () => {
    const { report, broker } = await fall({}, { ...long, publish: steady }, async ({ broker }) => {
      await acceptedBy(broker, 80)
      const id = probeId(broker)
      const session = broker.sessions.get(id)
      if (session) session.keepsAfterClose = false
      breakProbe({ broker } as Trap)
    })

    const { dropped } = broker.truth.counts()
    expect(dropped).toBeGreaterThan(0)
    expect(told(report)).toEqual(['inconclusive', 'observer-blind'])
    // See above: more may be missing than the broker dropped knowingly.
    const missing = report.observers.mqtt?.missing ?? 0
    expect(missing).toBeGreaterThanOrEqual(dropped)
    expect(report.observers.mqtt).toMatchObject({ lost: 0, inconclusive: missing })
  })

  it('leaves a threshold open that hangs on what it did not see', async () => {
    const thresholds = ['lost == 0', 'delivered > 0', 'lost < 1000']
    const { report } = await fall(
      {},
      { ...long, publish: { ...steady, qos: 0 }, thresholds },
      async (trap) => {
        await acceptedBy(trap.broker, 80)
        breakProbe(trap)
      },
    )

    expect(report.thresholds.map(({ ok }) => ok)).toEqual([null, true, true])
    expect(report.thresholds[0]?.explanation).toMatch(/the fate of \d+ more is unknown/)
    expect(told(report)).toEqual(['inconclusive', 'observer-blind', 'threshold-not-judged'])
  })
})

describe.concurrent('a probe that was granted less than it asked for', UNLESS_PAUSED, () => {
  it('calls no loss a broken promise that QoS 0 allows', async () => {
    const { report } = await fall({
      grant: 0,
      script: (_message, _stream, seq, deliver) => void (seq !== 5 && deliver()),
    })

    expect(told(report)).toEqual(['pass', 'promises-kept'])
    expect(findingsTold(report)).toEqual(['observation lost 4'])
    expect(report.observers.mqtt?.observations[0]?.explanation).toBe(
      'The probe was granted QoS 0, so the broker may drop what it acknowledged at QoS 1.',
    )
    expect(report.observers.mqtt?.health.grantedQos).toBe(0)
  })
})
