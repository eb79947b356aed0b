import { describe, expect, it } from 'vitest'
import { connectFailure } from './connect-failure.ts'

const REFUSED = { closure: 'refused', text: 'not authorised (0x87)' } as const

describe('giving up a run in which nobody connects', () => {
  it('waits a while for a broker that is starting', () => {
    expect(connectFailure({ everConnected: 0, connectFailures: 50 }, REFUSED, 4_000)).toBeUndefined()
  })

  it('names the most frequent reason with its code', () => {
    const failure = connectFailure({ everConnected: 0, connectFailures: 50 }, REFUSED, 6_000)

    expect(failure).toMatchObject({ code: 'BROKER_REFUSED' })
    expect(failure?.message).toContain('not authorised (0x87)')
  })

  it('does not call a broker unreachable that took the connection and ended it', () => {
    const closed = { closure: 'reset', text: 'the broker closed the connection before CONNACK' } as const

    expect(connectFailure({ everConnected: 0, connectFailures: 9 }, closed, 6_000)?.code).toBe('NOT_MQTT')
  })

  it('goes on as soon as one device has ever connected', () => {
    expect(connectFailure({ everConnected: 1, connectFailures: 999 }, REFUSED, 60_000)).toBeUndefined()
  })

  it('gives slow time-outs of a single device the time they need', () => {
    const timeout = { closure: 'timeout', text: 'no CONNACK within 10 s' } as const

    expect(connectFailure({ everConnected: 0, connectFailures: 1 }, timeout, 11_000)).toBeUndefined()
    expect(connectFailure({ everConnected: 0, connectFailures: 1 }, timeout, 16_000)?.code).toBe(
      'BROKER_UNREACHABLE',
    )
  })
})
