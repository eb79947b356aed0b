import { describe, expect, it } from 'vitest'
import { delaysOf, linkOf, quantile, transferMs } from '../../tests/support/link-rig.ts'

/** Runs of the model per row: one lost retransmission moves the tail of a single run by a lot. */
const RUNS = 15
const BULK_RUNS = 41
const SEEDS = Array.from({ length: RUNS }, (_, index) => index + 1)

function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/**
 * What tc-netem (gso_max_segs 1) and Linux 6.1 did: one-way ms of 200-byte messages over a round trip of 50 ms, with
 * loss on the way up only. p50, p90, p95 and p99; that machine added about 0.9 ms of its own.
 */
const FLOOR_MS = 0.9
const THIN = [
  { hz: 10, loss: 0.02, messages: 1_200, delaysMs: [26, 27, 30, 178], tolerances: [0.15, 0.15, 0.15, 0.15] },
  { hz: 10, loss: 0.1, messages: 1_200, delaysMs: [26, 177, 181, 395], tolerances: [0.15, 0.15, 0.15, 0.3] },
  { hz: 200, loss: 0.01, messages: 6_000, delaysMs: [26, 53, 71, 92], tolerances: [0.15, 0.15, 0.15, 0.15] },
  {
    hz: 200,
    loss: 0.05,
    messages: 6_000,
    delaysMs: [47, 99, 122, 178],
    tolerances: [0.15, 0.15, 0.15, 0.15],
  },
]

describe('loss delays a thin flow as it does under Linux', () => {
  it.each(THIN)('$hz messages a second, loss $loss', ({ hz, loss, messages, delaysMs, tolerances }) => {
    const model = linkOf({ delayMs: 25, loss: { share: loss } }, { down: { delayMs: 25 } })
    const runs = SEEDS.map((seed) => delaysOf(model, messages, 1_000 / hz, seed))

    for (const [place, share] of [0.5, 0.9, 0.95, 0.99].entries()) {
      const ours = median(runs.map((delays) => quantile(delays, share)))
      const netem = (delaysMs[place] ?? Number.NaN) - FLOOR_MS
      expect(runs.every((delays) => delays.length === messages)).toBe(true)
      expect
        .soft(Math.abs(ours / netem - 1), `p${share * 100}: ${ours}, netem ${netem}`)
        .toBeLessThan(tolerances[place] ?? Number.NaN)
    }
  })
})

/** Medians of tc-netem and Linux 6.1 in kbit/s: 4 MB at 10 Mbit/s over a round trip of 50 ms, overhead 66 bytes. */
const BULK = [
  { congestion: 'cubic', loss: 0.01, kbitS: 2_564 },
  { congestion: 'cubic', loss: 0.02, kbitS: 1_560 },
  { congestion: 'cubic', loss: 0.05, kbitS: 855 },
  { congestion: 'reno', loss: 0.01, kbitS: 2_893 },
  { congestion: 'reno', loss: 0.02, kbitS: 1_872 },
  { congestion: 'reno', loss: 0.05, kbitS: 1_015 },
] as const

describe('loss slows a bulk transfer as it does under Linux', () => {
  it.each(BULK)('$congestion, loss $loss', ({ congestion, loss, kbitS }) => {
    const up = {
      delayMs: 25,
      rateBitS: 10e6,
      overheadBytes: 66,
      loss: { share: loss },
      queue: { bytes: 1e6 },
    }
    const tcp = { device: 'linux', server: 'linux', congestion } as const
    const model = linkOf(up, { down: { delayMs: 25 }, tcp })
    const rates = Array.from({ length: BULK_RUNS }, (_, seed) => (4e6 * 8) / transferMs(model, 4e6, seed + 1))
    const ours = median(rates)

    expect(Math.abs(ours / kbitS - 1), `${ours} kbit/s, netem ${kbitS}`).toBeLessThan(0.15)
  })
})
