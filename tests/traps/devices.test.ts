import { describe, expect, it } from 'vitest'
import { acceptedBy, fall, findingsTold, told, UNLESS_PAUSED } from '../support/trap.ts'

const isDevice = (clientId: string) => clientId.startsWith('meters')
const resuming = { clientId: '{{device}}', session: { cleanStart: false, expiry: '1h' } } as const
const long = { stages: [{ for: '1500ms' }], drain: { grace: '600ms', quiet: '300ms' } }
const steady = { every: '20ms', limit: 60 }
const total = 240

describe.concurrent('a device in doubt', UNLESS_PAUSED, () => {
  it('whose message was never acknowledged and yet delivered: recovered, not lost', async () => {
    const { report } = await fall({ neverAck: true }, { fleet: { session: { inFlight: 100 } } })

    // Nobody knows how the devices would have waited on: the run gives them ten seconds and says what is open.
    expect(report.books).toMatchObject({ sent: 80, acked: 0, inDoubtByReason: { unacknowledged: 80 } })
    expect(report.observers.mqtt).toMatchObject({ expected: 80, delivered: 80, missing: 0, lost: 0 })
    expect(told(report)).toEqual(['pass', 'all-delivered'])
  })

  it('whose message was never acknowledged and never delivered: nobody promised it', async () => {
    const { report } = await fall(
      { neverAck: true, script: (_message, _stream, seq, deliver) => void (seq % 2 === 0 && deliver()) },
      { fleet: { session: { inFlight: 100 } }, thresholds: ['lost == 0', 'missing == 0'] },
    )

    expect(report.observers.mqtt).toMatchObject({ delivered: 40, lost: 0, unconfirmed: 40 })
    expect(findingsTold(report)).toEqual([])
    expect(report.attribution).toMatchObject({ 'sent-not-acknowledged': 40 })
    expect(report.thresholds.map(({ ok }) => ok)).toEqual([true, false])
  })

  it('comes back to its session and sends again: it must appear, and does', async () => {
    const { report, broker } = await fall(
      {},
      { ...long, fleet: resuming, publish: steady },
      async ({ broker }) => {
        await acceptedBy(broker, 60)
        broker.sins.neverAck = true
        await acceptedBy(broker, 100)
        broker.sins.neverAck = false
        broker.kill(isDevice)
      },
    )

    expect(told(report)).toEqual(['pass', 'all-delivered'])
    expect(report.connections).toMatchObject({ disconnects: 4, reconnects: 4 })
    expect(report.books).toMatchObject({ acked: total, inDoubt: 0 })
    expect(report.observers.mqtt).toMatchObject({ delivered: total, reordered: 0 })
    expect(report.observers.mqtt?.duplicates).toBe(broker.truth.counts().duplicates)
    expect(report.observers.mqtt?.duplicates).toBeGreaterThan(0)
  })

  it('comes back to its session and the broker drops what it acknowledged then: lost', async () => {
    let isAgain = false
    const { report } = await fall(
      { script: (_message, _stream, _seq, deliver) => void (!isAgain && deliver()) },
      { ...long, fleet: resuming, publish: { ...steady, limit: 30 } },
      async ({ broker }) => {
        await acceptedBy(broker, 60)
        broker.sins.neverAck = true
        isAgain = true
        await acceptedBy(broker, 100)
        broker.sins.neverAck = false
        broker.kill(isDevice)
      },
    )

    expect(report.books).toMatchObject({ acked: 120, inDoubt: 0 })
    expect(told(report)).toEqual(['fail', 'lost'])
    expect(report.observers.mqtt?.lost).toBeGreaterThanOrEqual(40)
  })

  it('starts clean after a break: what was in flight is in doubt, whatever became of it', async () => {
    let broken = false
    const { report, broker } = await fall(
      { script: (_message, _stream, _seq, deliver) => void (!broken && deliver()) },
      { ...long, publish: steady },
      async ({ broker }) => {
        await acceptedBy(broker, 60)
        broker.sins.neverAck = true
        broken = true
        await acceptedBy(broker, 100)
        broken = false
        broker.sins.neverAck = false
        broker.kill(isDevice)
      },
    )

    const { dropped } = broker.truth.counts()
    expect(dropped).toBeGreaterThanOrEqual(40)
    expect(report.books.inDoubtByReason).toEqual({ 'session-lost': dropped })
    expect(report.observers.mqtt).toMatchObject({ lost: 0, unconfirmed: dropped })
    expect(told(report)).toEqual(['pass', 'promises-kept'])
  })
})

describe.concurrent('devices', UNLESS_PAUSED, () => {
  it('that lose their place to others of the same name come back, and nothing is lost that was not', async () => {
    const { report } = await fall({}, { ...long, fleet: resuming, publish: steady }, async ({ broker }) => {
      await acceptedBy(broker, 80)
      for (const clientId of broker.sessions.keys()) if (isDevice(clientId)) broker.takeOver(clientId)
    })

    expect(told(report)).toEqual(['pass', 'all-delivered'])
    expect(report.connections.byReason).toEqual({ 'session taken over (0x8e)': 4 })
    expect(report.observers.mqtt).toMatchObject({ delivered: total, lost: 0, reordered: 0 })
  })

  it('whose messages carry no marker are not judged, and a threshold over them says so', async () => {
    const { report } = await fall(
      { script: ({ topic }, _stream, _seq, deliver) => void (topic !== 'x' && deliver()) },
      {
        fleets: [
          {
            name: 'marked',
            count: 2,
            publish: [{ topic: 'm/{{device}}', qos: 1, every: '20ms', limit: 20 }],
          },
          {
            name: 'bare',
            count: 2,
            publish: [{ topic: 'b/{{device}}', qos: 1, every: '20ms', limit: 20, marker: 'none' }],
          },
        ],
        thresholds: ['lost == 0', 'marked.lost == 0', 'bare.lost == 0', 'bare.delivered > 0'],
      },
    )

    expect(report.observers.mqtt).toMatchObject({ expected: 40, delivered: 40, foreign: 0 })
    expect(report.fleets[1]?.observers.mqtt).toMatchObject({ expected: 0, delivered: 0, lost: 0 })
    expect(report.thresholds.map(({ ok }) => ok)).toEqual([true, true, null, null])
    expect(told(report)).toEqual(['inconclusive', 'threshold-not-judged', 'threshold-not-judged'])
  })

  it('that are still connecting when the plan ends are waited for', async () => {
    const { report } = await fall(
      {},
      { stages: [{ for: '1s' }], fleet: { count: 20, connect: { rate: '20/s' } } },
    )

    expect(report.connections).toMatchObject({ planned: 20, connected: 20 })
    expect(report.verdict).toBe('pass')
  })

  it('that publish nothing make a run without a word about delivery', async () => {
    const { report } = await fall({}, { fleet: { publish: [] }, stages: [{ for: '300ms' }] })

    expect(told(report)).toEqual(['pass', 'not-observed'])
    expect(report.observers.mqtt).toBeNull()
  })

  it('without a probe are not judged by what arrives', async () => {
    const { report } = await fall({ drop: 1 }, { observe: { probe: false }, thresholds: ['lost == 0'] })

    expect(told(report)).toEqual(['inconclusive', 'threshold-not-judged'])
    expect(report.thresholds[0]?.explanation).toBe('no observer was watching')
  })
})
