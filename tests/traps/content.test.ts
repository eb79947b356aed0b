import { describe, expect, it } from 'vitest'
import { readMarker } from '../../simulators/delivery/marker.ts'
import { createSighting } from '../../simulators/delivery/marker-sighting.ts'
import { TokenMarker } from '../../simulators/delivery/marker-token.ts'
import type { Identity } from '../../simulators/delivery/types.ts'
import { markedPayload } from '../support/marked-payload.ts'
import type { Outgoing } from '../support/sinful-session.ts'
import { fall, findingsTold, told, UNLESS_PAUSED } from '../support/trap.ts'

/** The message with one byte of its payload flipped. */
function flipped(message: Outgoing, at: (payload: Buffer) => number): Outgoing {
  const payload = Buffer.from(message.payload)
  const place = at(payload)
  payload[place] = (payload[place] ?? 0) ^ 0x01
  return { ...message, payload }
}

/** A message that claims to be another one, in the form of an intact marker. */
function forged(message: Outgoing, change: (identity: Identity) => Partial<Identity>): Outgoing {
  const seen = createSighting()
  readMarker(message.payload, seen)
  return { ...message, payload: markedPayload({ ...seen, ...change(seen) }) }
}

const inMarker = (payload: Buffer) => payload.indexOf('~fl1:') + 12
const json = { payload: { json: { unit: 'C', value: '{{walk 20 1}}' } } }

describe.concurrent('a broker that changes messages', UNLESS_PAUSED, () => {
  it('in their payload: delivered, and corrupt', async () => {
    const { report } = await fall(
      {
        script: (message, _stream, seq, deliver) =>
          deliver(seq === 4 ? flipped(message, (payload) => payload.indexOf('unit')) : message),
      },
      { publish: json },
    )

    expect(told(report)).toEqual(['fail', 'corrupt'])
    expect(report.reasons[0]?.text).toBe(
      '4 of 80 messages reached the probe with a changed payload (fleet meters, QoS 1)',
    )
    expect(report.observers.mqtt).toMatchObject({ delivered: 80, corrupt: 4, lost: 0, damaged: 0 })
  })

  it.each([
    [0, ['fail', 'corrupt'], ['violation corrupt 4', 'observation lost 4']],
    [1, ['fail', 'lost', 'corrupt'], ['violation lost 4', 'violation corrupt 4']],
  ] as const)(
    'in their very marker (QoS %i): found out though they cannot be named',
    async (qos, verdict, findings) => {
      const { report } = await fall(
        {
          script: (message, _stream, seq, deliver) =>
            deliver(seq === 4 ? flipped(message, inMarker) : message),
        },
        { publish: { ...json, qos } },
      )

      expect(told(report)).toEqual(verdict)
      expect(findingsTold(report)).toEqual(findings)
      expect(report.reasons.find(({ code }) => code === 'corrupt')?.text).toBe(
        '4 messages reached the probe with a changed payload',
      )
      expect(report.observers.mqtt).toMatchObject({ delivered: 76, damaged: 4, lost: 4 })
    },
  )

  it('into those of another run: foreign, and no business of this one', async () => {
    const { report } = await fall({
      script: (message, _stream, seq, deliver) => {
        deliver()
        if (seq % 2 === 0) deliver(forged(message, ({ run }) => ({ run: (run ^ 1) >>> 0 })))
      },
    })

    expect(told(report)).toEqual(['pass', 'all-delivered'])
    expect(report.observers.mqtt).toMatchObject({ delivered: 80, foreign: 40, duplicates: 0, phantom: 0 })
  })

  it('into ones that no device of this run ever sent', async () => {
    const { report } = await fall({
      script: (message, { device }, seq, deliver) => {
        deliver()
        if (seq !== 19) return
        if (device === 0) deliver(forged(message, () => ({ device: 77 })))
        if (device === 1) deliver(forged(message, () => ({ publish: 5 })))
      },
    })

    expect(told(report)).toEqual(['fail', 'phantom'])
    expect(report.reasons[0]?.text).toBe('2 messages reached the probe that no device sent')
    expect(report.observers.mqtt).toMatchObject({ delivered: 80, phantom: 2, lost: 0 })
  })

  it('and keeps others back meanwhile: a phantom does not stand in for what is late', async () => {
    const { report } = await fall(
      {
        script: (message, { device }, seq, deliver) => {
          if (device === 3 && seq === 19) setTimeout(deliver, 2_500)
          else deliver()
          if (device === 0 && seq === 19) {
            for (const extra of [19, 19]) deliver(forged(message, () => ({ seq: extra })))
          }
        },
      },
      { drain: { grace: '3s', quiet: '300ms' } },
    )

    expect(report.observers.mqtt).toMatchObject({ delivered: 80, lost: 0, late: 1, duplicates: 2 })
  })

  it('so that they claim to come from the future: negative latencies are counted and left out', async () => {
    const { report } = await fall({
      script: (message, _stream, seq, deliver) =>
        deliver(
          seq === 0 ? forged(message, ({ intendedUs }) => ({ intendedUs: intendedUs + 60e6 })) : message,
        ),
    })

    expect(report.verdict).toBe('pass')
    expect(report.latency.e2eFromIntended).toMatchObject({ count: 76, negative: 4 })
    expect(report.latency.e2eFromIntended.min).toBeGreaterThanOrEqual(0)
  })
})

it('a forged marker is as long as a real one, or the tests above would prove nothing', () => {
  const identity = {
    run: 1,
    device: 0,
    publish: 0,
    qos: 1,
    epoch: 0,
    seq: 0,
    intendedUs: 0,
    sentLagUs: 0,
  } as const
  const seen = createSighting()
  expect(readMarker(markedPayload(identity), seen)).toBe('intact')
  expect(new TokenMarker(identity).length).toBeGreaterThan(50)
})
