import { describe, expect, it } from 'vitest'
import { fall, findingsTold, told, UNLESS_PAUSED } from '../support/trap.ts'

describe.concurrent('a broker that acknowledges and drops', UNLESS_PAUSED, () => {
  it('the last message of every device, which no later one betrays', async () => {
    const { report } = await fall({
      script: (_message, _stream, seq, deliver) => void (seq < 19 && deliver()),
    })

    expect(told(report)).toEqual(['fail', 'lost'])
    expect(report.reasons[0]?.text).toBe(
      '4 of 80 acknowledged messages never reached the probe (fleet meters, QoS 1)',
    )
    expect(report.observers.mqtt).toMatchObject({ expected: 80, delivered: 76, lost: 4, late: 0 })
    expect(report.observers.mqtt?.violations[0]?.examples.sort()).toEqual([
      '0:0:1:0:19',
      '1:0:1:0:19',
      '2:0:1:0:19',
      '3:0:1:0:19',
    ])
    expect(report.attribution).toMatchObject({ delivered: 76, 'vanished-in-broker': 4 })
  })

  it('everything of one device', async () => {
    const { report } = await fall({
      script: (_message, { device }, _seq, deliver) => void (device !== 2 && deliver()),
    })

    expect(told(report)).toEqual(['fail', 'lost'])
    expect(report.observers.mqtt).toMatchObject({ delivered: 60, lost: 20 })
    expect(report.observers.mqtt?.violations[0]?.examples[0]).toBe('2:0:1:0:0')
  })

  it('everything at QoS 0: allowed, and seen in the numbers', async () => {
    const { report } = await fall(
      { script: (_message, _stream, seq, deliver) => void (seq % 2 === 0 && deliver()) },
      { publish: { qos: 0 } },
    )

    expect(told(report)).toEqual(['pass', 'promises-kept'])
    expect(report.reasons[0]?.text).toBe(
      '40 of 80 messages reached the probe; nothing that was promised is missing.',
    )
    expect(findingsTold(report)).toEqual(['observation lost 40'])
    expect(report.attribution).toMatchObject({ 'lost-at-qos-0': 40 })
  })

  it('all of one topic, which the probe may not be allowed to read: nobody can tell, and it says so', async () => {
    const publish = [
      { topic: 'open/{{device}}', qos: 1 as const, every: '20ms', limit: 20 },
      { topic: 'closed/{{device}}', qos: 1 as const, every: '20ms', limit: 20 },
    ]
    const { report } = await fall(
      { script: ({ topic }, _stream, _seq, deliver) => void (topic.startsWith('open') && deliver()) },
      { fleet: { publish } },
    )

    expect(told(report)).toEqual(['inconclusive', 'nothing-delivered'])
    expect(report.reasons[0]?.text).toBe(
      'None of 80 messages of fleet meters to closed/{{device}} reached the probe: may it read this topic, on this broker?',
    )
    expect(report.observers.mqtt).toMatchObject({ delivered: 80, lost: 0, inconclusive: 80 })
  })

  it('but says that nobody had subscribed (0x10): lost all the same, and flagged', async () => {
    const { report } = await fall({
      ackReason: 0x10,
      script: (_message, _stream, seq, deliver) => void (seq !== 5 && deliver()),
    })

    expect(told(report)).toEqual(['fail', 'lost'])
    expect(findingsTold(report)).toEqual(['violation lost 4', 'observation no-subscribers 80'])
  })
})

describe.concurrent('a broker that is slow', UNLESS_PAUSED, () => {
  it('delivers during the drain: late, and not lost', async () => {
    const { report } = await fall(
      {
        script: (_message, _stream, seq, deliver) => {
          if (seq < 10) deliver()
          else setTimeout(deliver, 2_200)
        },
      },
      { drain: { grace: '2s', quiet: '300ms' } },
    )

    expect(told(report)).toEqual(['pass', 'all-delivered'])
    expect(report.observers.mqtt).toMatchObject({ delivered: 80, lost: 0, reordered: 0 })
    expect(report.observers.mqtt?.late).toBeGreaterThan(0)
  })

  it('delivers later than the grace: lost by the rule that the profile set', async () => {
    const { report } = await fall({
      script: (_message, _stream, seq, deliver) => {
        if (seq < 19) deliver()
        else setTimeout(deliver, 4_000)
      },
    })

    expect(told(report)).toEqual(['fail', 'lost'])
    expect(report.observers.mqtt).toMatchObject({ delivered: 76, lost: 4, late: 0 })
  })

  it('and delivers what it refused first: the others are late, and not lost', async () => {
    const refused = new Set([0, 1, 2, 3])
    const { report } = await fall(
      {
        reject: 0.5,
        rejectReason: 0x87,
        deliverRefused: true,
        script: (_message, { rejected }, seq, deliver) => {
          if (rejected.has(seq) || refused.has(seq)) deliver()
          else setTimeout(deliver, 2_500)
        },
      },
      { drain: { grace: '3s', quiet: '1s' } },
    )

    const { rejected } = report.books
    expect(rejected).toBeGreaterThan(10)
    expect(report.observers.mqtt).toMatchObject({ lost: 0, missing: 0, abortedReads: rejected })
    expect(report.observers.mqtt?.delivered).toBe(80 - rejected)
  })

  it('or acknowledges after it has delivered', async () => {
    const { report } = await fall({ ackDelayMs: 50 })

    expect(told(report)).toEqual(['pass', 'all-delivered'])
    expect(report.latency.ack.min).toBeGreaterThan(report.latency.e2eFromSent.min)
  })

  it('drops what has expired: no broken promise when others took as long', async () => {
    const { report } = await fall(
      {
        script: (_message, _stream, seq, deliver) => {
          if (seq % 2 === 0) setTimeout(deliver, 800)
        },
      },
      { publish: { messageExpiry: '1s' } },
    )

    expect(told(report)).toEqual(['pass', 'promises-kept'])
    expect(findingsTold(report)).toContain('observation lost 40')
  })

  it('may not blame an expiry that nothing came near to', async () => {
    const { report } = await fall(
      { script: (_message, _stream, seq, deliver) => void (seq % 2 === 0 && deliver()) },
      { publish: { messageExpiry: '1s' } },
    )

    expect(told(report)).toEqual(['fail', 'lost'])
  })
})

describe.concurrent('a broker that refuses', UNLESS_PAUSED, () => {
  it('owes nothing, and the report names the reason', async () => {
    const { report, broker } = await fall({ reject: 0.3, rejectReason: 0x97 })

    const { accepted, rejected } = broker.truth.counts()
    expect(told(report)).toEqual(['pass', 'all-delivered'])
    expect(report.books).toMatchObject({ sent: 80, acked: accepted, rejected })
    expect(report.books.rejectedByCode).toEqual({ 'quota exceeded (0x97)': rejected })
    expect(report.observers.mqtt).toMatchObject({ expected: accepted, delivered: accepted, lost: 0 })
  })

  it('and delivers all the same is found out', async () => {
    const { report, broker } = await fall({ reject: 0.3, rejectReason: 0x87, deliverRefused: true })

    const { rejected } = broker.truth.counts()
    expect(told(report)).toEqual(['fail', 'aborted-read'])
    expect(report.reasons[0]?.text).toBe(
      `${rejected} of ${rejected} rejected messages reached the probe all the same (fleet meters, QoS 1)`,
    )
    expect(report.observers.mqtt).toMatchObject({ abortedReads: rejected, phantom: 0, lost: 0 })
  })
})
