import { beforeAll, expect, it } from 'vitest'
import { LatencyHistogram, loadHistograms } from '../metrics/histogram.ts'
import { LatencyTally } from './latency-tally.ts'

beforeAll(loadHistograms)

function encoded(...latenciesUs: number[]): Uint8Array {
  const histogram = new LatencyHistogram()
  for (const us of latenciesUs) histogram.record(us)
  return histogram.encode()
}

it('merges fleets and keeps them apart', () => {
  const tally = new LatencyTally(2, [])
  tally.merge(0, encoded(1_000), 0)
  tally.merge(1, encoded(3_000, 4_000), 0)
  tally.merge(1, null, 250)

  expect([tally.summary(0).count, tally.summary(1).count, tally.total().count]).toEqual([1, 2, 3])
  expect(tally.total().max).toBeCloseTo(4, 2)
})

it('leaves a warm-up out, and a sample that began in it', () => {
  const tally = new LatencyTally(1, [1_000])
  tally.merge(0, encoded(9_000), 500)
  tally.merge(0, encoded(8_000), 999)
  tally.merge(0, encoded(2_000), 1_000)

  expect(tally.summary(0, 1_000)).toMatchObject({ count: 1 })
  expect(tally.total(1_000).max).toBeCloseTo(2, 2)
  expect(tally.summary(0).count).toBe(3)
})
