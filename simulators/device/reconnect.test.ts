import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { reconnectDelayMs } from './reconnect.ts'

describe('delay before a device tries again', () => {
  it('is endless when the policy is none', () => {
    expect(reconnectDelayMs({ policy: 'none' }, 1, 0.5)).toBe(Number.POSITIVE_INFINITY)
  })

  it('stays the same when it is fixed', () => {
    const delays = [1, 2, 9].map((failures) =>
      reconnectDelayMs({ policy: 'fixed', delay: 700, jitter: 0 }, failures, 0.9),
    )

    expect(delays).toEqual([700, 700, 700])
  })

  it('doubles up to the maximum when it is exponential', () => {
    const settings = { policy: 'exponential', min: 100, max: 1_000, jitter: 0 } as const

    const delays = [1, 2, 3, 4, 5, 60].map((failures) => reconnectDelayMs(settings, failures, 0))

    expect(delays).toEqual([100, 200, 400, 800, 1_000, 1_000])
  })

  it('takes the random share off, never more', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000 }), share, share, (failures, jitter, random) => {
        const delay = reconnectDelayMs(
          { policy: 'exponential', min: 100, max: 5_000, jitter },
          failures,
          random,
        )

        expect(delay).toBeLessThanOrEqual(5_000)
        expect(delay).toBeGreaterThanOrEqual((1 - jitter) * 100 - 1e-9)
      }),
    )
  })
})
