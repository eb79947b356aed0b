import type { PlannedLoad } from './load.ts'

/** What one shard drives with two fifths of a core in reserve, so that latencies stay honest. */
export const SHARD_CAPACITY = { qos0RateHz: 40_000, qos12RateHz: 25_000, devices: 10_000 } as const

type Load = Pick<PlannedLoad, 'devices' | 'peakQos0RateHz' | 'peakQos12RateHz'>

/** Shards that a load asks for, whatever the machine. */
export function wantedShards({ devices, peakQos0RateHz, peakQos12RateHz }: Load): number {
  const byRate = peakQos0RateHz / SHARD_CAPACITY.qos0RateHz + peakQos12RateHz / SHARD_CAPACITY.qos12RateHz
  return Math.max(1, Math.ceil(byRate), Math.ceil(devices / SHARD_CAPACITY.devices))
}

/** Shards to start on a machine: what the load asks for, with one core left for the rest. */
export function shardCount(load: Load, cores: number): number {
  return Math.min(wantedShards(load), Math.max(1, cores - 1))
}
