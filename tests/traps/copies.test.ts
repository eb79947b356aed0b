import { describe, expect, it } from 'vitest'
import type { Outgoing } from '../support/sinful-session.ts'
import { fall, findingsTold, told, UNLESS_PAUSED } from '../support/trap.ts'

describe.concurrent('a broker that repeats', UNLESS_PAUSED, () => {
  it.each([
    [0, 'fail', 'duplicate', 'violation duplicate 80'],
    [1, 'pass', 'all-delivered', 'observation duplicate 80'],
    [2, 'fail', 'duplicate', 'violation duplicate 80'],
  ] as const)('each message of QoS %i: %s', async (qos, verdict, code, finding) => {
    const twice = (_message: unknown, _stream: unknown, _seq: number, deliver: () => void) => {
      deliver()
      deliver()
    }
    const { report } = await fall({ script: twice }, { publish: { qos } })

    expect(told(report)).toEqual([verdict, code])
    expect(findingsTold(report)).toEqual([finding])
    expect(report.observers.mqtt).toMatchObject({ delivered: 80, duplicates: 80, reordered: 0, lost: 0 })
  })

  it('QoS 2 to a probe that was granted QoS 1 only: allowed', async () => {
    const { report } = await fall(
      {
        grant: 1,
        script: (_message, _stream, seq, deliver) => {
          deliver()
          if (seq === 3) deliver()
        },
      },
      { publish: { qos: 2 } },
    )

    expect(told(report)).toEqual(['pass', 'all-delivered'])
    expect(findingsTold(report)).toEqual(['observation duplicate 4'])
    expect(report.observers.mqtt?.observations[0]?.explanation).toContain('granted QoS 1')
    expect(report.observers.mqtt?.health.grantedQos).toBe(1)
  })

  it('1 2 3 2 3 4, as a resend at QoS 1 looks: two copies, and nothing out of order', async () => {
    const held = new Map<string, Outgoing>()
    const { report } = await fall({
      script: (message, stream, seq, deliver) => {
        deliver()
        if (seq === 2) {
          deliver(held.get(`${stream.device}:1`))
          deliver()
        }
        held.set(`${stream.device}:${seq}`, message)
      },
    })

    expect(told(report)).toEqual(['pass', 'all-delivered'])
    expect(report.observers.mqtt).toMatchObject({ duplicates: 8, reordered: 0, lost: 0 })
  })
})

describe.concurrent('a broker that reorders', UNLESS_PAUSED, () => {
  it('by one: named, with its extent', async () => {
    const waiting = new Map<number, () => void>()
    const { report } = await fall({
      script: (_message, { device }, seq, deliver) => {
        if (seq === 7) waiting.set(device, deliver)
        else deliver()
        if (seq === 8) waiting.get(device)?.()
      },
    })

    expect(told(report)).toEqual(['fail', 'reordered'])
    expect(report.reasons[0]?.text).toBe(
      '4 of 80 messages reached the probe after a later one (fleet meters, QoS 1)',
    )
    expect(report.observers.mqtt).toMatchObject({ reordered: 4, maxExtent: 1, duplicates: 0, lost: 0 })
    expect(report.observers.mqtt?.violations[0]?.examples).toContain('0:0:1:0:7')
  })

  it('messages of different topics: nothing was promised there', async () => {
    const { report } = await fall(
      {
        script: ({ topic }, _stream, _seq, deliver) => {
          // Each topic is in order by itself, and the odd ones are slower.
          if (topic.endsWith('b')) setTimeout(deliver, 150)
          else deliver()
        },
      },
      { publish: { topic: 't/{{device}}/{{pick a b}}' } },
    )

    expect(told(report)).toEqual(['pass', 'all-delivered'])
    expect(report.observers.mqtt).toMatchObject({ delivered: 80, reordered: 0, orderUnjudged: 0 })
  })

  it('messages of one topic among several', async () => {
    const waiting = new Map<string, () => void>()
    const { report, broker } = await fall(
      {
        script: ({ topic }, { device }, _seq, deliver) => {
          const key = `${device}/${topic}`
          const earlier = waiting.get(key)
          if (earlier) waiting.delete(key)
          else if (topic.endsWith('b')) return void waiting.set(key, deliver)
          deliver()
          earlier?.()
        },
      },
      { publish: { topic: 't/{{device}}/{{pick a b}}' } },
    )

    const { reordered } = broker.truth.counts()
    expect(reordered).toBeGreaterThan(4)
    expect(told(report)[0]).toBe('fail')
    expect(report.observers.mqtt).toMatchObject({ reordered })
  })

  it('messages of different QoS: each is a stream of its own', async () => {
    const { report } = await fall(
      {
        script: ({ qos }, _stream, _seq, deliver) => {
          if (qos === 0) setTimeout(deliver, 150)
          else deliver()
        },
      },
      { publish: { qos: { '0': 1, '1': 1 } } },
    )

    expect(told(report)).toEqual(['pass', 'all-delivered'])
    expect(report.observers.mqtt).toMatchObject({ reordered: 0 })
  })
})
