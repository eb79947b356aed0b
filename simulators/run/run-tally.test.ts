import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { LatencyHistogram, loadHistograms } from '../metrics/histogram.ts'
import { WHOLE } from '../plan/partition.ts'
import type { ProbeSample, ShardSample } from './messages.ts'
import { emptyTotals, RunTally } from './run-tally.ts'
import type { ShardRecord } from './shard-group.ts'

beforeAll(loadHistograms)

const open: RunTally[] = []
afterEach(() => {
  for (const tally of open.splice(0)) tally.destroy()
})

function tallyOf(warmUps: number[]): RunTally {
  const tally = new RunTally(1, warmUps)
  open.push(tally)
  return tally
}

function shard(index: number): ShardRecord {
  const nothing = { devices: 1, last: null, books: [], death: null, peakMemoryBytes: 0 }
  return { ...nothing, index, share: WHOLE, state: 'running' }
}

/** One latency of a millisecond, when there is one. */
function encoded(count: number): Uint8Array | null {
  const histogram = new LatencyHistogram()
  for (let n = 0; n < count; n += 1) histogram.record(1_000)
  const bytes = histogram.isEmpty ? null : histogram.encode()
  histogram.destroy()
  return bytes
}

function sample(t: number, sent: number, acks = 0): ShardSample {
  return {
    t,
    fleets: [{ ...emptyTotals(), sent }],
    ...{ ack: [encoded(acks)], connect: [null], lateness: null, events: [], droppedEvents: 0 },
    ...{ eventLoopDelayP99Ms: 0, cpuMs: 0, memoryBytes: 0 },
  }
}

function seen(t: number, delivered: number): ProbeSample {
  return {
    t,
    delivered: [delivered],
    ...{ duplicates: [0], reordered: [0], missing: [0], foreign: 0, damaged: 0, lastArrivalMs: t },
    ...{ blindSinceMs: null, e2e: [null] },
  }
}

describe('rates after a warm-up', () => {
  it('leave out exactly what was sent before, shard by shard', () => {
    const tally = tallyOf([1_000])
    // Both send 100 a second from the start; the second one samples at times of its own.
    for (const [t, sent] of [
      [750, 75],
      [1_001, 100],
      [2_000, 200],
    ] as const)
      tally.addShard(shard(0), sample(t, sent))
    for (const [t, sent] of [
      [900, 90],
      [1_100, 110],
      [2_000, 200],
    ] as const)
      tally.addShard(shard(1), sample(t, sent))

    expect(tally.sentHz(0, 1_000, 2_000)).toBeCloseTo(200, 0)
    expect(tally.sentHz(0, 0, 2_000)).toBe(200)
  })

  it('count what was delivered from the first reading after it', () => {
    const tally = tallyOf([1_000])
    tally.addProbe(seen(950, 90))
    tally.addProbe(seen(1_001, 100))

    expect(tally.deliveredHz(0, 1_000, 2_001, 300)).toBe(200)
    expect(tally.deliveredHz(0, 0, 2_000, 300)).toBe(150)
  })

  it('are zero for a shard that did not live to see it', () => {
    const tally = tallyOf([1_000])
    tally.addShard(shard(0), sample(800, 80))

    expect(tally.sentHz(0, 1_000, 2_000)).toBe(0)
  })
})

describe('latencies after a warm-up', () => {
  it('are those of samples that began after it, however long a sample took', () => {
    const tally = tallyOf([1_000])
    tally.addShard(shard(0), sample(300, 0, 1))
    tally.addShard(shard(0), sample(1_600, 0, 10))
    tally.addShard(shard(0), sample(1_601, 0, 100))

    expect(tally.ack.total(1_000).count).toBe(100)
    expect(tally.ack.total().count).toBe(111)
  })
})

it('keeps what a shard has done when it dies, and not what it was doing', () => {
  const tally = tallyOf([])
  const last = sample(250, 40)
  tally.addShard(shard(0), { ...last, fleets: [{ ...emptyTotals(), sent: 40, connected: 5, waiting: 2 }] })
  tally.addShard(shard(1), { ...last, fleets: [{ ...emptyTotals(), sent: 30, connected: 4 }] })
  tally.shardDied(shard(0))

  expect(tally.grandTotals()).toMatchObject({ sent: 70, connected: 4, waiting: 0 })
})
