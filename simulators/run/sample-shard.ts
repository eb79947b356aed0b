import type { FleetRuntime } from '../device/fleet-runtime.ts'
import type { LatencyHistogram } from '../metrics/histogram.ts'
import type { EventLog } from './event-log.ts'
import type { LoopMonitor } from './loop-monitor.ts'
import type { FleetTotals, ShardSample } from './messages.ts'
import type { FleetHistograms } from './shard-engine.ts'

/** Encodes what was recorded since the last time and begins anew; null when that was nothing. */
export function takeHistogram(histogram: LatencyHistogram | undefined): Uint8Array | null {
  if (!histogram || histogram.isEmpty) return null
  const bytes = histogram.encode()
  histogram.reset()
  return bytes
}

function totalsOf(fleet: FleetRuntime): FleetTotals {
  return {
    generated: fleet.generated,
    notSent: fleet.notSent,
    sent: fleet.sent,
    sentQos0: fleet.sentQos0,
    acked: fleet.acked,
    rejected: fleet.rejected,
    behind: fleet.behind,
    connected: fleet.connected,
    everConnected: fleet.everConnected,
    connectFailures: fleet.connectFailures,
    disconnects: fleet.disconnects,
    reconnects: fleet.reconnects,
    received: fleet.received,
    waiting: fleet.waiting,
    ackedWithoutSubscriber: fleet.ackedWithoutSubscriber,
  }
}

/** Takes a sample of a shard: totals as they stand, histograms and events of the time since the last one. */
export function sampleShard(facts: {
  t: number
  fleets: readonly FleetRuntime[]
  histograms: readonly FleetHistograms[]
  lateness: LatencyHistogram | undefined
  log: EventLog | undefined
  monitor: LoopMonitor
}): ShardSample {
  const { events, dropped } = facts.log?.take() ?? { events: [], dropped: 0 }
  return {
    t: facts.t,
    fleets: facts.fleets.map(totalsOf),
    ack: facts.histograms.map(({ ack }) => takeHistogram(ack)),
    connect: facts.histograms.map(({ connect }) => takeHistogram(connect)),
    lateness: takeHistogram(facts.lateness),
    events,
    droppedEvents: dropped,
    eventLoopDelayP99Ms: facts.monitor.delayP99Ms,
    cpuMs: facts.monitor.cpuMs,
    memoryBytes: process.memoryUsage.rss(),
  }
}
