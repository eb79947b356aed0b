import { describe, expect, it } from 'vitest'
import { assessGenerator, busiestShardCpu } from './health.ts'
import { EMPTY_SUMMARY } from './histogram.ts'
import type { ShardHealth } from './types.ts'

function shard(facts: Partial<ShardHealth> = {}): ShardHealth {
  return {
    shard: 0,
    devices: 100,
    cpu: 0.3,
    memoryBytes: 1e8,
    eventLoopDelayP99Ms: 3,
    ended: 'normally',
    ...facts,
  }
}

function assess(behind: number, shards: ShardHealth[], cores = 2, generated = 10_000) {
  return assessGenerator({
    behind,
    generated,
    lateness: { ...EMPTY_SUMMARY, p99: 140 },
    shards,
    cores,
  })
}

describe('the health of the generator', () => {
  it('is good for a busy machine that copes', () => {
    const health = assess(100, [shard({ cpu: 0.97, eventLoopDelayP99Ms: 80 })])

    expect(health).toMatchObject({ behind: 100, behindShare: 0.01, saturated: false, bindingLimit: null })
    expect(health.eventLoopDelayP99Ms).toBe(80)
  })

  it('is saturated when more than one message in a hundred is behind', () => {
    expect(assess(101, [shard()]).saturated).toBe(true)
  })

  it('is good when a short run had a hiccup', () => {
    expect(assess(5, [shard()], 2, 60).saturated).toBe(false)
    expect(assess(6, [shard()], 2, 60).saturated).toBe(true)
  })

  it('names the CPU of a shard', () => {
    expect(assess(500, [shard(), shard({ shard: 1, cpu: 0.98 })], 8).bindingLimit).toMatch(
      /^CPU: shard 1 used 98\u2009% of one core; spread the devices over more shards$/,
    )
    expect(assess(500, [shard({ cpu: 0.98 })], 2).bindingLimit).toMatch(
      /lower the rate or use more machines$/,
    )
  })

  it('names the CPU of the machine', () => {
    const shards = [0, 1, 2, 3].map((number) => shard({ shard: number, cpu: 0.45 }))

    expect(assess(500, shards, 2).bindingLimit).toMatch(/^CPU: the shards used 90\u2009% of all 2 cores/)
  })

  it('names the event loop, a dead shard, or a pause', () => {
    expect(assess(500, [shard({ eventLoopDelayP99Ms: 120 })]).bindingLimit).toMatch(/^event loop: shard 0/)
    expect(assess(500, [shard(), shard({ ended: 'killed' })]).bindingLimit).toMatch(/^shards: 1 of 2 ended/)
    expect(assess(500, [shard()]).bindingLimit).toMatch(/^scheduling: .* 140\u2009ms late/)
  })

  it('is good when nothing was generated', () => {
    const health = assessGenerator({ behind: 0, generated: 0, lateness: EMPTY_SUMMARY, shards: [], cores: 1 })

    expect(health).toMatchObject({ behindShare: 0, saturated: false, eventLoopDelayP99Ms: 0 })
  })

  it('knows the busiest shard', () => {
    expect(busiestShardCpu([shard({ cpu: 0.2 }), shard({ cpu: 0.7 }), shard({ cpu: 0.1 })])).toBe(0.7)
    expect(busiestShardCpu([])).toBe(0)
  })
})
