import { AppError } from '../errors.ts'
import { assessPreflight } from '../metrics/preflight.ts'
import { plannedLoad } from '../plan/load.ts'
import { type Share, shareOf } from '../plan/partition.ts'
import { shardCount } from '../plan/shard-count.ts'
import { BrokerClient } from './broker-client.ts'
import type { RunFacts } from './messages.ts'
import { ProbeClient } from './probe-client.ts'
import type { RunOptions } from './run-options.ts'
import { isObservable, usesEmbeddedBroker } from './run-plan.ts'
import type { RunRecord } from './run-record.ts'
import { ShardGroup } from './shard-group.ts'

/** The processes of a run. They are opened one after the other and closed together, however far the opening came. */
export class RunParts {
  broker: BrokerClient | undefined
  probe: ProbeClient | undefined
  shards: ShardGroup | undefined
  readonly #options: RunOptions
  readonly #share: Share
  readonly #nowMs: () => number
  #isClosed = false

  constructor(options: RunOptions, share: Share, nowMs: () => number) {
    this.#options = options
    this.#share = share
    this.#nowMs = nowMs
  }

  /** Starts broker, probe and shards, in this order: nothing is published before somebody watches. */
  async open(record: RunRecord): Promise<void> {
    const { profile, baseDir, workers, run } = this.#options
    const shards = this.#preflight(record)
    const facts: RunFacts = { run, profile, baseDir, embeddedPort: null }
    if (usesEmbeddedBroker(profile)) {
      this.broker = new BrokerClient(workers, (how) => record.note('broker', `The embedded broker ${how}`))
      facts.embeddedPort = await this.broker.listen()
      if (this.#isClosed) return
    }
    if (profile.observe.probe !== false && isObservable(profile)) {
      this.probe = new ProbeClient(
        workers,
        (sample) => record.probeSampled(sample),
        (how) => record.note('probe', `The probe ${how}`),
      )
      await this.probe.subscribe(facts)
      if (this.#isClosed) return
    }
    this.shards = new ShardGroup({
      workers,
      shares: Array.from({ length: shards }, (_, index) => shareOf(this.#share, { index, count: shards })),
      listener: {
        sampled: (shard, sample) => record.shardSampled(shard, sample),
        died: (shard) => record.shardDied(shard),
      },
      nowMs: this.#nowMs,
    })
    await this.shards.prepare(facts)
  }

  /** Ends all of them; an opening that is still under way goes no further. */
  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all([this.shards?.close(), this.probe?.close()])
    await this.broker?.close()
  }

  /** How many shards there will be; throws when this machine cannot do it. */
  #preflight(record: RunRecord): number {
    const { profile, limits } = this.#options
    const load = plannedLoad(profile, this.#share)
    const shards = this.#options.shards ?? shardCount(load, limits.cores)
    const { problems, warnings } = assessPreflight(load, limits, shards)
    for (const { code, message, hint } of warnings) record.note(`warning ${code}`, `${message}. ${hint}`)
    const [problem] = problems
    if (problem)
      throw new AppError({ code: 'PREFLIGHT_FAILED', message: problem.message, hint: problem.hint })
    return shards
  }
}
