import { describe, expect, it } from 'vitest'
import { delaysOf, linkOf, quantile, transferMs } from '../../tests/support/link-rig.ts'

/**
 * tc-netem on Linux 6.1 beside the arithmetic of what was configured; its machine added p50 0.66 ms of its own to
 * delays. 200-byte messages, 50 a second, overhead 66 bytes as netem counts.
 */
const DELAYS = [
  { name: '25 ms', up: { delayMs: 25 }, idealMs: 25, netemMs: 25.81 },
  { name: '25 ms and 1 Mbit/s', up: { delayMs: 25, rateBitS: 1e6 }, idealMs: 27.13, netemMs: 28.1 },
  { name: '200 ms and 64 kbit/s', up: { delayMs: 200, rateBitS: 64e3 }, idealMs: 233.25, netemMs: 234.41 },
]

describe('a link without loss keeps the times of netem', () => {
  it.each(DELAYS)('$name', ({ up, idealMs, netemMs }) => {
    // At 64 kbit/s fifty messages a second are more than the link carries: netem was measured at a rate it does.
    const delays = delaysOf(linkOf({ ...up, overheadBytes: 66 }), 500, 100)

    for (const share of [0.5, 0.99]) {
      expect(quantile(delays, share)).toBeCloseTo(idealMs, 1)
      expect(Math.abs(quantile(delays, share) - netemMs)).toBeLessThan(1.5)
    }
  })

  it.each([
    { name: '1 MB at 1 Mbit/s', rateBitS: 1e6, sizeBytes: 1e6, netemKbitS: 957, overheadBytes: 66 },
    {
      name: '30 kB at 64 kbit/s',
      rateBitS: 64e3,
      sizeBytes: 30e3,
      netemKbitS: 240 / 3.91,
      overheadBytes: 66,
    },
    { name: '5 MB at 10 Mbit/s', rateBitS: 10e6, sizeBytes: 5e6, netemKbitS: 9_569, overheadBytes: 66 },
  ])('$name', ({ rateBitS, sizeBytes, netemKbitS, overheadBytes }) => {
    const kbitS = (sizeBytes * 8) / transferMs(linkOf({ rateBitS, overheadBytes }), sizeBytes)

    expect(Math.abs(kbitS / netemKbitS - 1)).toBeLessThan(0.01)
  })

  it('jitter of 50±10 ms, normal, as an application sees it behind in-order delivery', () => {
    const delays = delaysOf(linkOf({ delayMs: 50, jitterMs: 10, distribution: 'normal' }), 20_000, 5)
    const netem = { 0.01: 39.5, 0.25: 49.9, 0.5: 54.8, 0.75: 60.3, 0.9: 65.5, 0.99: 75.4 }

    for (const [share, ms] of Object.entries(netem))
      expect(Math.abs(quantile(delays, Number(share)) - ms), `p${Number(share) * 100}`).toBeLessThan(1.5)
  })

  it('many small writes share packets where they queue, and so pay for few headers', () => {
    const { rateBitS, overheadBytes } = { rateBitS: 64e3, overheadBytes: 40 }
    const delays = delaysOf(linkOf({ rateBitS, overheadBytes, queue: { bytes: 1e9 } }), 1_000, 0.001)
    const wireBytes = 200_000 + Math.ceil((200_000 - 200) / 1_460) * 40 + 40

    expect(delays.at(-1)).toBeCloseTo((wireBytes * 8) / 64 - 0.999, 0)
  })
})
