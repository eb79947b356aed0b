import { formatMs, formatShare } from './format.ts'
import type { GeneratorHealth, LatencySummary, ShardHealth } from './types.ts'

/** A message is behind when this machine hands it over later than this after its intended time. */
export const BEHIND_MS = 100
/** More messages behind than this share: the generator was the bottleneck, and the run says nothing of the broker. */
export const SATURATED_SHARE = 0.01
/** So few late messages are a hiccup, whatever their share: a short run has hardly a hundred. */
const HICCUP = 5
/** A shard that uses this much of a core has no core left. */
const FULL_CORE = 0.85
/** All cores of the machine this busy with shards alone leave none for the broker, the probe and the system. */
const FULL_MACHINE = 0.85
/** An event loop that is held up this long makes messages late by itself. */
const SLOW_LOOP_MS = 50

export interface GeneratorFacts {
  /** Messages more than `BEHIND_MS` late because of this machine. */
  behind: number
  generated: number
  /** Lateness of the schedule itself. */
  lateness: LatencySummary
  shards: ShardHealth[]
  cores: number
}

/**
 * Judges whether this machine kept up. A busy machine that sends in time is not saturated: only late messages count,
 * and the limit is named from what the shards measured.
 */
export function assessGenerator(facts: GeneratorFacts): GeneratorHealth {
  const { behind, generated, lateness, shards } = facts
  const behindShare = generated > 0 ? behind / generated : 0
  const saturated = behindShare > SATURATED_SHARE && behind > HICCUP
  return {
    behind,
    behindShare,
    lateness,
    eventLoopDelayP99Ms: Math.max(0, ...shards.map((shard) => shard.eventLoopDelayP99Ms)),
    saturated,
    bindingLimit: saturated ? bindingLimit(facts) : null,
    shards,
  }
}

/** CPU of the busiest shard, as a share of one core. */
export function busiestShardCpu(shards: readonly ShardHealth[]): number {
  return Math.max(0, ...shards.map((shard) => shard.cpu))
}

/** The first limit that explains late messages, in the order in which one causes the next. */
function bindingLimit({ shards, cores, lateness }: GeneratorFacts): string {
  const killed = shards.filter((shard) => shard.ended === 'killed')
  const busiest = shards.reduce<ShardHealth | undefined>(
    (most, shard) => (most && most.cpu >= shard.cpu ? most : shard),
    undefined,
  )
  const used = shards.reduce((sum, shard) => sum + shard.cpu, 0)
  const slowest = shards.reduce<ShardHealth | undefined>(
    (most, shard) => (most && most.eventLoopDelayP99Ms >= shard.eventLoopDelayP99Ms ? most : shard),
    undefined,
  )
  if (busiest && busiest.cpu >= FULL_CORE) {
    const remedy =
      shards.length + 1 < cores
        ? 'spread the devices over more shards'
        : 'lower the rate or use more machines'
    return `CPU: shard ${busiest.shard} used ${formatShare(busiest.cpu)} of one core; ${remedy}`
  }
  if (used >= FULL_MACHINE * cores) {
    return `CPU: the shards used ${formatShare(used / cores)} of all ${cores} cores; lower the rate or use more machines`
  }
  if (slowest && slowest.eventLoopDelayP99Ms >= SLOW_LOOP_MS) {
    const delay = formatMs(slowest.eventLoopDelayP99Ms)
    return `event loop: shard ${slowest.shard} was held up ${delay} (p99) though it had CPU to spare; other programs may be using this machine`
  }
  if (killed.length > 0) {
    return `shards: ${killed.length} of ${shards.length} ended before the run did`
  }
  return `scheduling: messages were handed over ${formatMs(lateness.p99)} late (p99); this machine paused, or other programs held it up`
}
