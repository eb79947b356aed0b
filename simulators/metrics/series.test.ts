import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { LatencyHistogram, loadHistograms } from './histogram.ts'
import { createSeries, type Series } from './series.ts'

beforeAll(loadHistograms)

function series(fleets = 1, mostPoints = 3_600): Series {
  return createSeries({ fleets, mostPoints, targetRateHz: (_, fleet) => (fleet === undefined ? 300 : 100) })
}

function encoded(...latenciesMs: number[]): Uint8Array {
  const histogram = new LatencyHistogram()
  for (const ms of latenciesMs) histogram.record(ms * 1_000)
  const bytes = histogram.encode()
  histogram.destroy()
  return bytes
}

const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0)

describe('a series', () => {
  it('cuts the totals of several sources, sampled when they like, at whole seconds', () => {
    const course = series()
    for (let timeMs = 130; timeMs <= 3_130; timeMs += 250) {
      course.sample('shard-0', timeMs, [{ sent: timeMs / 10, generated: timeMs / 10, connected: 7 }])
      course.sample('shard-1', timeMs + 90, [{ sent: (timeMs + 90) / 5, connected: 3 }])
    }

    expect(
      course
        .points()
        .map(({ t, sent, generated, connected, target }) => [t, sent, generated, connected, target]),
    ).toEqual([
      [0, 300, 100, 10, 300],
      [1, 300, 100, 10, 300],
      [2, 300, 100, 10, 300],
    ])
  })

  it('keeps fleets apart, and adds them up in the total', () => {
    const course = series(2)
    course.sample('shard-0', 1_000, [
      { sent: 10, connected: 1 },
      { sent: 30, connected: 2 },
    ])
    course.finish()

    expect(
      [course.points(0), course.points(1), course.points()].map(([point]) => [
        point?.sent,
        point?.connected,
        point?.target,
      ]),
    ).toEqual([
      [10, 1, 100],
      [30, 2, 100],
      [40, 3, 300],
    ])
  })

  it('shows a second in which nothing happened as zero, and a second that nobody watched not at all', () => {
    const course = series()
    course.sample('shard-0', 900, [{ sent: 9 }])
    course.sample('shard-0', 2_100, [{ sent: 9 }])
    course.sample('shard-0', 5_500, [{ sent: 90 }])
    course.sample('shard-0', 6_000, [{ sent: 100 }])
    course.finish()

    expect(course.points().map(({ t, sent }) => [t, sent])).toEqual([
      [0, 9],
      [1, 0],
      [5, 91],
    ])
  })

  it('leaves out the second that some source has not passed, until the end', () => {
    const course = series()
    course.sample('shard-0', 2_000, [{ sent: 20 }])
    course.sample('shard-1', 1_400, [{ sent: 14 }])

    expect(course.points().map((point) => point.sent)).toEqual([20])
    course.finish()
    expect(course.points().map((point) => point.sent)).toEqual([20, 14])
  })

  it('gives every message to exactly one point, whatever the samples and the length', () => {
    const steps = fc.array(fc.tuple(fc.integer({ min: 1, max: 4_000 }), fc.integer({ min: 0, max: 5_000 })), {
      minLength: 1,
      maxLength: 60,
    })
    fc.assert(
      fc.property(fc.array(steps, { minLength: 1, maxLength: 3 }), (sources) => {
        const course = series(1, 8)
        let all = 0
        for (const [number, samples] of sources.entries()) {
          let [timeMs, sent] = [0, 0]
          for (const [ms, messages] of samples) {
            timeMs += ms
            sent += messages
            course.sample(`shard-${number}`, timeMs, [{ sent, connected: 1 }])
          }
          all += sent
        }
        course.finish()
        const points = course.points()

        expect(sum(points.map((point) => point.sent)) * course.intervalS).toBe(all)
        expect(points.length).toBeLessThanOrEqual(8)
        for (const point of points) expect(point.connected).toBeLessThanOrEqual(sources.length)
      }),
    )
  })

  it('merges points two by two when there are too many: counts add up, of latencies the worse stays', () => {
    const course = series(1, 4)
    for (let second = 1; second <= 7; second += 1) {
      course.sample('shard-0', second * 1_000, [{ sent: second * second, connected: second }])
      course.latencies('ack', second * 1_000, [encoded(second === 4 ? 90 : second)])
    }
    course.finish()

    expect(course.intervalS).toBe(2)
    expect(course.points().map(({ t, sent, connected, ackP99 }) => [t, sent, connected, ackP99])).toEqual([
      [0, 2, 2, 2],
      [2, 6, 4, 90],
      [4, 10, 6, 6],
      [6, 6.5, 7, 7],
    ])
  })

  it('adds up the connections of sources that pass a merged point one after the other', () => {
    const course = series(1, 2)
    for (let second = 1; second <= 2; second += 1) {
      for (const source of ['a', 'b']) course.sample(source, second * 1_000, [{ connected: 5 }])
    }
    course.sample('a', 4_000, [{ connected: 5 }])
    course.sample('b', 3_000, [{ connected: 7 }])
    course.sample('b', 4_000, [{ connected: 7 }])
    course.finish()

    expect(course.intervalS).toBe(2)
    expect(course.points().map((point) => point.connected)).toEqual([10, 12])
  })

  it('takes percentiles of a second from the samples of all sources together', () => {
    const course = series(2)
    course.sample('shard-0', 1_500, [{}, {}])
    course.latencies('ack', 250, [encoded(1, 1, 1), null])
    course.latencies('ack', 900, [encoded(1, 9), encoded(20)])
    course.latencies('e2e', 1_000, [encoded(5), null])
    course.finish()

    expect(course.points(0)[0]).toMatchObject({ ackP50: 1, ackP99: 9, e2eP50: 5, e2eP99: 5 })
    expect(course.points(1)[0]).toMatchObject({ ackP50: 20, ackP99: 20, e2eP50: null, e2eP99: null })
    expect(course.points()[0]).toMatchObject({ ackP50: 1, ackP99: 20 })
  })

  it('counts samples that come too late', () => {
    const course = series()
    course.latencies('ack', 9_000, [encoded(1)])
    course.latencies('ack', 1_000, [encoded(1)])
    course.end('shard-0')
    course.sample('shard-0', 9_000, [{ sent: 5 }])

    expect(course.lateSamples).toBe(2)
  })

  it('drops the connections of a source that is gone', () => {
    const course = series()
    for (const source of ['shard-0', 'shard-1']) course.sample(source, 1_000, [{ sent: 10, connected: 5 }])
    course.end('shard-1')
    course.sample('shard-0', 2_000, [{ sent: 20, connected: 5 }])
    course.finish()

    expect(course.points().map(({ sent, connected }) => [sent, connected])).toEqual([
      [20, 10],
      [10, 5],
    ])
  })
})
