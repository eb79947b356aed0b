/** Percentiles of one latency in milliseconds; all zero when `count` is. */
export interface LatencySummary {
  count: number
  min: number
  p50: number
  p90: number
  p95: number
  p99: number
  p999: number
  max: number
  mean: number
  /** Values below zero: a clock problem; counted, and kept out of the percentiles. */
  negative: number
}

/** What a run keeps of one second, per fleet or in total. Rates are per second; latencies in ms, null without samples. */
export interface SeriesPoint {
  /** Seconds since the start of the run. */
  t: number
  target: number
  generated: number
  sent: number
  acked: number
  delivered: number
  connected: number
  behind: number
  ackP50: number | null
  ackP99: number | null
  e2eP50: number | null
  e2eP99: number | null
}

/** How well this machine kept up. */
export interface GeneratorHealth {
  /** Messages handed over later than intended because of this machine. */
  behind: number
  behindShare: number
  /** Lateness of the schedule itself, ms. */
  lateness: LatencySummary
  eventLoopDelayP99Ms: number
  saturated: boolean
  /** The limit that binds, in words, when saturated. */
  bindingLimit: string | null
  shards: ShardHealth[]
}

export interface ShardHealth {
  shard: number
  devices: number
  /** Share of one core over the run. */
  cpu: number
  /** Highest resident set, bytes. */
  memoryBytes: number
  eventLoopDelayP99Ms: number
  ended: 'normally' | 'killed'
}

export interface ThresholdResult {
  check: string
  after: number
  ok: boolean | null
  /** The value judged, already formatted with its unit. */
  actual: string
  /** A sentence for a tired person. */
  explanation: string
}
