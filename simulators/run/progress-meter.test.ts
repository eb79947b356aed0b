import { beforeAll, describe, expect, it } from 'vitest'
import { loadHistograms } from '../metrics/histogram.ts'
import { ProgressMeter } from './progress-meter.ts'
import { emptyTotals, RunTally } from './run-tally.ts'

beforeAll(() => loadHistograms())

const sampleOf = (t: number, sent: number) => ({ t, fleets: [{ ...emptyTotals(), sent }] })

function meterOf(samples: [shard: number, t: number, sent: number][]): ProgressMeter {
  const meter = new ProgressMeter(new RunTally(1, []))
  for (const [shard, t, sent] of samples) meter.addShard(shard, sampleOf(t, sent))
  return meter
}

describe('the rate of a live line', () => {
  it('does not overshoot because samples come late', () => {
    // 100 messages a second, sampled every 250 ms by a shard whose timers are late.
    const times = [250, 510, 780, 1_000, 1_330, 1_500, 1_750, 2_010, 2_250, 2_700, 2_950]
    const meter = meterOf(times.map((t) => [0, t, t / 10]))

    for (const nowMs of [2_951, 3_100, 3_199]) expect(meter.read(nowMs).sentPerS).toBeCloseTo(100, 6)
  })

  it('covers the last two seconds', () => {
    const times = Array.from({ length: 40 }, (_, index) => (index + 1) * 250)
    // Silent from second 5 on.
    const meter = meterOf(times.map((t) => [0, t, Math.min(t, 5_000)]))

    expect(meter.read(10_000).sentPerS).toBe(0)
  })

  it('is the sum over all shards that are alive', () => {
    const meter = meterOf([
      [0, 1_000, 100],
      [1, 1_010, 202],
    ])

    expect(meter.read(1_100).sentPerS).toBeCloseTo(300, 6)
    meter.addShard(1, sampleOf(4_010, 802))
    // Shard 0 was last heard of at second 1.
    expect(meter.read(4_100).sentPerS).toBeCloseTo(200, 6)
  })

  it('is not told from a fraction of a second', () => {
    expect(meterOf([[0, 250, 9]]).read(300).sentPerS).toBeNull()
  })
})
