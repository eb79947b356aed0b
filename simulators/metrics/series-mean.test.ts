import { beforeAll, describe, expect, it } from 'vitest'
import { loadHistograms } from './histogram.ts'
import { createSeries } from './series.ts'
import { meanRateHz } from './series-mean.ts'

beforeAll(loadHistograms)

describe('the mean rate over a span of a series', () => {
  it('counts points at the edges in part, and has none over an empty span', () => {
    const course = createSeries({ fleets: 1, targetRateHz: () => 0 })
    course.sample('shard-0', 1_000, [{ sent: 100 }])
    course.sample('shard-0', 2_000, [{ sent: 300 }])
    course.sample('shard-0', 3_000, [{ sent: 300 }])
    course.finish()
    const mean = (fromMs: number, toMs: number) => meanRateHz(course.points(), 1, 'sent', fromMs, toMs)

    expect([mean(0, 3_000), mean(1_000, 2_000), mean(500, 1_500), mean(2_000, 4_000)]).toEqual([
      100, 200, 150, 0,
    ])
    expect([mean(1_000, 1_000), mean(2_000, 1_000)]).toEqual([null, null])
  })
})
