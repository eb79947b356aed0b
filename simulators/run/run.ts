import { createDrain } from '../delivery/drain.ts'
import { AppError } from '../errors.ts'
import { loadHistograms } from '../metrics/histogram.ts'
import { assessPreflight } from '../metrics/preflight.ts'
import { createSeries, type Series } from '../metrics/series.ts'
import { warmUpsOf } from '../metrics/thresholds.ts'
import { createTargets, plannedLoad, type Targets } from '../plan/load.ts'
import { type Share, shareOf, sizeOf, WHOLE } from '../plan/partition.ts'
import { createRoster } from '../plan/roster.ts'
import { shardCount } from '../plan/shard-count.ts'
import { endpointOf } from '../profile/endpoint.ts'
import { buildReport } from '../report/build.ts'
import type { RunEvent } from '../report/outcome.ts'
import type { RunProgress } from '../report/progress.ts'
import type { Report } from '../report/schema.ts'
import { Answer } from './answer.ts'
import { blindReading } from './blind-reading.ts'
import { BrokerClient } from './broker-client.ts'
import { buildOutcome } from './build-outcome.ts'
import { expectedAtMost } from './conclude.ts'
import { connectFailure } from './connect-failure.ts'
import type { ProbeSample, RunFacts, ShardSample } from './messages.ts'
import { ProbeClient, type ProbeReading } from './probe-client.ts'
import { ProgressMeter } from './progress-meter.ts'
import { machineNowMs } from './run-clock.ts'
import { RunEvents } from './run-events.ts'
import type { RunHandle, RunOptions } from './run-options.ts'
import { isObservable, plannedDevices, usesEmbeddedBroker } from './run-plan.ts'
import { RunTally } from './run-tally.ts'
import { devicesText, ShardGroup, type ShardRecord } from './shard-group.ts'

/** Time between the word to start and time zero, in which the word reaches every worker. */
const LEAD_MS = 150
const TICK_MS = 250
const DRAIN_STEP_MS = 50

/** Starts a run and returns at once; its end, its report and its failures come through the handle. */
export function startRun(options: RunOptions): RunHandle {
  const run = new Run(options)
  const done = run.execute()
  return {
    progress: (listener) => run.onProgress(listener),
    events: (listener) => run.onEvent(listener),
    stop: (how) => run.stop(how),
    done,
  }
}

class Run {
  readonly #options: RunOptions
  readonly #share: Share
  readonly #targets: Targets
  readonly #durationMs: number
  readonly #events: RunEvents
  readonly #progressListeners: ((progress: RunProgress) => void)[] = []
  readonly #eventListeners: ((event: RunEvent) => void)[] = []
  /** Settles when nobody wants to wait for the drain any more. */
  readonly #stoppedNow = new Answer<void>()
  #state: RunProgress['state'] = 'starting'
  #broker: BrokerClient | undefined
  #probe: ProbeClient | undefined
  #shards: ShardGroup | undefined
  #tally: RunTally | undefined
  #series: Series | undefined
  #meter: ProgressMeter | undefined
  #zeroMs = Number.POSITIVE_INFINITY
  #startedAtMs = 0
  #publishedMs: number
  #stopAsked: 'drain' | 'now' | undefined
  #startFailure: AppError | undefined
  #drainRemainingMs: number | undefined

  constructor(options: RunOptions) {
    const { profile } = options
    this.#options = options
    this.#share = options.share ?? WHOLE
    this.#targets = createTargets(profile, this.#share)
    this.#durationMs = this.#targets.timeline.durationMs
    this.#publishedMs = this.#durationMs
    this.#events = new RunEvents(
      profile.fleets.map((fleet) => fleet.name),
      (event) => {
        for (const listener of this.#eventListeners) listener(event)
      },
    )
  }

  onProgress(listener: (progress: RunProgress) => void): void {
    this.#progressListeners.push(listener)
  }

  onEvent(listener: (event: RunEvent) => void): void {
    this.#eventListeners.push(listener)
  }

  stop(how: 'drain' | 'now'): void {
    if (this.#stopAsked === 'now' || this.#stopAsked === how) return
    this.#publishedMs = Math.min(this.#publishedMs, Math.max(0, this.#nowMs()))
    this.#stopAsked = how
    this.#shards?.drain(how === 'now' ? 0 : this.#options.profile.drain.grace)
    if (how === 'now') this.#stoppedNow.give()
  }

  async execute(): Promise<Report> {
    let ticking: NodeJS.Timeout | undefined
    try {
      await loadHistograms()
      const facts = await this.#open()
      await this.#waitForStart()
      this.#start(facts)
      ticking = setInterval(() => this.#tick(), TICK_MS)
      await this.#shards?.finished
      const { probe, settled } = await this.#observe()
      this.#state = 'done'
      this.#tellProgress()
      return this.#report(probe, settled)
    } finally {
      clearInterval(ticking)
      await Promise.all([this.#shards?.close(), this.#probe?.close()])
      await this.#broker?.close()
      this.#tally?.destroy()
    }
  }

  /** Time of the run in ms; negative before its start. */
  #nowMs(): number {
    return machineNowMs() - this.#zeroMs
  }

  /** Starts broker, probe and shards, in this order: nothing is published before somebody watches. */
  async #open(): Promise<RunFacts> {
    const { profile, baseDir, workers, run, limits } = this.#options
    const load = plannedLoad(profile, this.#share)
    const shards = this.#options.shards ?? shardCount(load, limits.cores)
    const preflight = assessPreflight(load, limits, shards)
    for (const { code, message, hint } of preflight.warnings)
      this.#events.add(0, `warning ${code}`, `${message}. ${hint}`)
    const [problem] = preflight.problems
    if (problem)
      throw new AppError({ code: 'PREFLIGHT_FAILED', message: problem.message, hint: problem.hint })

    const facts: RunFacts = { run, profile, baseDir, embeddedPort: null }
    if (usesEmbeddedBroker(profile)) {
      this.#broker = new BrokerClient(workers, (how) =>
        this.#events.add(this.#nowMs(), 'broker', `The embedded broker ${how}`),
      )
      facts.embeddedPort = await this.#broker.listen()
    }
    const warmUps = warmUpsOf(profile.thresholds)
    this.#tally = new RunTally(profile.fleets.length, warmUps)
    this.#series = createSeries({
      fleets: profile.fleets.length,
      targetRateHz: (timeMs, fleet) => this.#targets.rateHz(timeMs, fleet),
    })
    this.#meter = new ProgressMeter(this.#tally)
    if (profile.observe.probe !== false && isObservable(profile)) {
      this.#probe = new ProbeClient(
        workers,
        (sample) => this.#probeSampled(sample),
        (how) => this.#events.add(this.#nowMs(), 'probe', `The probe ${how}`),
      )
      await this.#probe.subscribe(facts)
    }
    this.#shards = new ShardGroup({
      workers,
      shares: Array.from({ length: shards }, (_, index) => shareOf(this.#share, { index, count: shards })),
      listener: {
        sampled: (shard, sample) => this.#shardSampled(shard, sample),
        died: (shard) => this.#shardDied(shard),
      },
      nowMs: () => this.#nowMs(),
    })
    await this.#shards.prepare(facts)
    return facts
  }

  async #waitForStart(): Promise<void> {
    const { startAtMs, wallNow } = this.#options
    if (startAtMs === undefined) return
    const waitMs = startAtMs - wallNow() - LEAD_MS
    if (waitMs <= 0) return
    const wait = new Answer<void>()
    const timer = setTimeout(() => wait.give(), waitMs)
    await Promise.race([wait.promise, this.#stoppedNow.promise])
    clearTimeout(timer)
  }

  #start({ profile }: RunFacts): void {
    this.#zeroMs = machineNowMs() + LEAD_MS
    this.#startedAtMs = this.#options.wallNow() + LEAD_MS
    this.#state = 'connecting'
    this.#probe?.start(this.#zeroMs, warmUpsOf(profile.thresholds))
    this.#shards?.start(this.#zeroMs, this.#startedAtMs)
    // Asked to stop while it was starting.
    if (this.#stopAsked) this.#shards?.drain(0)
  }

  /** After the devices have fallen silent: waits for what is late, then takes the probe's reading. */
  async #observe(): Promise<{ probe: ProbeReading | null; settled: boolean }> {
    const { profile } = this.#options
    const probe = this.#probe
    const shards = this.#shards?.records ?? []
    this.#state = 'draining'
    if (!probe) return { probe: null, settled: true }
    if (probe.death !== null) return { probe: blindReading(`the probe ${probe.death}`), settled: true }
    probe.startDrain()
    const drain = createDrain({ graceMs: profile.drain.grace, quietMs: profile.drain.quiet })
    const expectedAtLeast = expectedAtMost(profile, shards)
    drain.begin(this.#nowMs(), this.#publishedMs)
    let settled = false
    while (this.#stopAsked !== 'now' && probe.death === null) {
      const sample = this.#tally?.probe
      const step = drain.step({
        nowMs: this.#nowMs(),
        lastArrivalMs: sample?.lastArrivalMs ?? -1,
        expectedAtLeast,
        delivered: this.#tally?.allDelivered() ?? 0,
        observerHealthy: sample?.blindSinceMs === null,
      })
      this.#drainRemainingMs = step.remainingMs
      settled = step.settled
      if (step.state === 'verdict') break
      const pause = new Answer<void>()
      const timer = setTimeout(() => pause.give(), DRAIN_STEP_MS)
      await Promise.race([pause.promise, this.#stoppedNow.promise])
      clearTimeout(timer)
    }
    try {
      return { probe: await probe.read(), settled }
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      this.#events.add(this.#nowMs(), 'probe', `The probe could not be read: ${why}`)
      return { probe: blindReading('the probe could not be read'), settled: true }
    }
  }

  #report(probe: ProbeReading | null, settled: boolean): Report {
    const { profile, source, environment, run, wallNow } = this.#options
    if (!this.#tally || !this.#series || !this.#shards) throw new Error('a run ends before it began')
    this.#series.finish()
    const endpoint = endpointOf(profile, null, usesEmbeddedBroker(profile) ? 0 : null)
    const failure = this.#startFailure
    return buildReport(
      buildOutcome({
        profile,
        targets: this.#targets,
        source,
        environment,
        identity: {
          run,
          name: profile.name,
          startedAtMs: this.#startedAtMs,
          endedAtMs: wallNow(),
          durationMs: this.#nowMs(),
          interrupted: this.#stopAsked !== undefined && !failure,
          seed: profile.seed,
          share: this.#share === WHOLE ? null : { index: this.#share.index + 1, count: this.#share.count },
          broker: { url: endpoint.embedded ? 'embedded' : endpoint.url, protocol: endpoint.protocol },
        },
        tally: this.#tally,
        series: this.#series,
        events: this.#events,
        shards: this.#shards.records,
        probe,
        settled,
        startFailure: failure ? `${failure.message} (${failure.code}). ${failure.hint}` : null,
        planned: plannedDevices(profile, this.#targets, this.#share, this.#publishedMs),
        publishedMs: this.#publishedMs,
      }),
    )
  }

  #shardSampled(shard: ShardRecord, sample: ShardSample): void {
    this.#tally?.addShard(shard, sample)
    this.#meter?.addShard(shard.index, sample)
    const source = `shard ${shard.index}`
    this.#series?.sample(source, sample.t, sample.fleets)
    this.#series?.latencies('ack', sample.t, sample.ack)
    if (shard.state === 'done') this.#series?.end(source)
    this.#events.addCounts(sample.events, sample.droppedEvents)
  }

  #shardDied(shard: ShardRecord): void {
    this.#series?.end(`shard ${shard.index}`)
    const how = shard.death?.text ?? 'ended'
    this.#events.add(
      this.#nowMs(),
      'shard',
      `Shard ${shard.index} ${how}, and with it ${devicesText(shard)}; the run goes on`,
    )
  }

  #probeSampled(sample: ProbeSample): void {
    this.#tally?.addProbe(sample)
    this.#series?.sample(
      'probe',
      sample.t,
      sample.delivered.map((delivered) => ({ delivered })),
    )
    this.#series?.latencies('e2e', sample.t, sample.e2e)
    this.#meter?.addProbe(sample)
  }

  #tick(): void {
    const nowMs = this.#nowMs()
    const totals = this.#tally?.grandTotals()
    if (this.#state === 'connecting' && totals && totals.connected > 0 && totals.sent > 0)
      this.#state = 'running'
    if (totals && !this.#stopAsked && !this.#startFailure) {
      this.#startFailure = connectFailure(totals, this.#events.mainFailure, nowMs)
      if (this.#startFailure) {
        this.#publishedMs = nowMs
        this.#shards?.drain(0)
        this.#stopAsked = 'now'
      }
    }
    this.#tellProgress()
  }

  #tellProgress(): void {
    const meter = this.#meter
    if (!meter) return
    const nowMs = Math.max(0, this.#nowMs())
    const { profile } = this.#options
    const targetPerS = this.#state === 'draining' ? 0 : this.#targets.rateHz(nowMs)
    const devices = sizeOf(createRoster(profile).total, this.#share)
    const progress: RunProgress = {
      ...meter.read(nowMs),
      state: this.#state,
      tMs: nowMs,
      totalMs: this.#durationMs,
      devices,
      targetPerS,
      ...(this.#drainRemainingMs === undefined ? {} : { drainRemainingMs: this.#drainRemainingMs }),
    }
    for (const listener of this.#progressListeners) listener(progress)
  }
}
