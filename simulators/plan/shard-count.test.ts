import { describe, expect, it } from 'vitest'
import { shardCount, wantedShards } from './shard-count.ts'

const load = (devices: number, peakQos0RateHz = 0, peakQos12RateHz = 0) => ({
  devices,
  peakQos0RateHz,
  peakQos12RateHz,
})

describe('the number of shards', () => {
  it('is one for a small run', () => {
    expect(shardCount(load(50, 100), 16)).toBe(1)
    expect(shardCount(load(0), 1)).toBe(1)
  })

  it('grows with the rate, by QoS, and with the connections', () => {
    expect(wantedShards(load(1_000, 40_000))).toBe(1)
    expect(wantedShards(load(1_000, 40_001))).toBe(2)
    expect(wantedShards(load(1_000, 0, 25_001))).toBe(2)
    expect(wantedShards(load(1_000, 30_000, 20_000))).toBe(2)
    expect(wantedShards(load(10_001))).toBe(2)
  })

  it('leaves a core for the rest of the machine', () => {
    expect(shardCount(load(100_000), 4)).toBe(3)
    expect(shardCount(load(100_000), 2)).toBe(1)
    expect(shardCount(load(100_000), 1)).toBe(1)
  })
})
