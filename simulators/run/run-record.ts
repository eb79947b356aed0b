import { createSeries, type Series } from '../metrics/series.ts'
import { warmUpsOf } from '../metrics/thresholds.ts'
import type { Targets } from '../plan/load.ts'
import type { Profile } from '../profile/profile.ts'
import type { ProbeSample, ShardSample } from './messages.ts'
import { type Measured, ProgressMeter } from './progress-meter.ts'
import type { RunEvents } from './run-events.ts'
import { RunTally } from './run-tally.ts'
import { devicesText, type ShardRecord } from './shard-group.ts'

/** What is remembered of a run while it goes on: totals, course and events. Call `loadHistograms` first. */
export class RunRecord {
  readonly tally: RunTally
  readonly series: Series
  readonly events: RunEvents
  readonly #meter: ProgressMeter
  readonly #nowMs: () => number

  constructor(facts: { profile: Profile; targets: Targets; events: RunEvents; nowMs: () => number }) {
    const { profile, targets } = facts
    const fleets = profile.fleets.length
    this.tally = new RunTally(fleets, warmUpsOf(profile.thresholds))
    this.series = createSeries({ fleets, targetRateHz: (timeMs, fleet) => targets.rateHz(timeMs, fleet) })
    this.events = facts.events
    this.#meter = new ProgressMeter(this.tally)
    this.#nowMs = facts.nowMs
  }

  /** Something that concerns the run as a whole, now. */
  note(kind: string, text: string): void {
    this.events.add(this.#nowMs(), kind, text)
  }

  shardSampled(shard: ShardRecord, sample: ShardSample): void {
    this.tally.addShard(shard, sample)
    this.#meter.addShard(shard.index, sample)
    const source = sourceOf(shard)
    this.series.sample(source, sample.t, sample.fleets)
    this.series.latencies('ack', sample.t, sample.ack)
    if (shard.state === 'done') this.series.end(source)
    this.events.addCounts(sample.events, sample.droppedEvents)
  }

  shardDied(shard: ShardRecord): void {
    this.tally.shardDied(shard)
    this.series.end(sourceOf(shard))
    const how = shard.death?.text ?? 'ended'
    const rest = shard.share.count === 1 ? '' : '; the run goes on'
    this.note('shard', `Shard ${shard.index} ${how}, and with it ${devicesText(shard)}${rest}`)
  }

  probeSampled(sample: ProbeSample): void {
    this.tally.addProbe(sample)
    this.series.sample(
      'probe',
      sample.t,
      sample.delivered.map((delivered) => ({ delivered })),
    )
    this.series.latencies('e2e', sample.t, sample.e2e)
    this.#meter.addProbe(sample)
  }

  /** What is happening now, for whoever watches. */
  measured(nowMs: number): Measured {
    return this.#meter.read(nowMs)
  }

  /** Gives the memory of all histograms back. */
  destroy(): void {
    this.tally.destroy()
  }
}

function sourceOf({ index }: ShardRecord): string {
  return `shard ${index}`
}
