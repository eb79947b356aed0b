import type { AppError } from '../errors.ts'
import { loadHistograms } from '../metrics/histogram.ts'
import { warmUpsOf } from '../metrics/thresholds.ts'
import { createTargets, type Targets } from '../plan/load.ts'
import { type Share, sizeOf, WHOLE } from '../plan/partition.ts'
import { createRoster } from '../plan/roster.ts'
import { endpointOf } from '../profile/endpoint.ts'
import { buildReport } from '../report/build.ts'
import type { RunEvent } from '../report/outcome.ts'
import type { RunProgress } from '../report/progress.ts'
import type { Report } from '../report/schema.ts'
import { Answer, pause } from './answer.ts'
import { buildOutcome } from './build-outcome.ts'
import { expectedAtMost } from './conclude.ts'
import { connectFailure } from './connect-failure.ts'
import { type Drained, drainProbe } from './drain-probe.ts'
import { QUIESCE_MS } from './messages.ts'
import { machineNowMs } from './run-clock.ts'
import { RunEvents } from './run-events.ts'
import type { RunHandle, RunOptions } from './run-options.ts'
import { RunParts } from './run-parts.ts'
import { plannedDevices, usesEmbeddedBroker } from './run-plan.ts'
import { RunRecord } from './run-record.ts'

/** Time between the word to start and time zero, in which the word reaches every worker. */
const LEAD_MS = 150
const TICK_MS = 250
const STOP_LAG_MS = 50
const STOPPED_EARLY = 'it was stopped before it began'

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
  readonly #parts: RunParts
  readonly #progressListeners: ((progress: RunProgress) => void)[] = []
  readonly #eventListeners: ((event: RunEvent) => void)[] = []
  /** Settles when nobody wants to wait any more. */
  readonly #stopped = new Answer<void>()
  #state: RunProgress['state'] = 'starting'
  #zeroMs = Number.POSITIVE_INFINITY
  #startedAtMs: number
  #publishedMs: number
  #stopAsked: 'drain' | 'now' | undefined
  #connectFailure: AppError | undefined
  #drainRemainingMs: number | undefined

  constructor(options: RunOptions) {
    const { profile } = options
    this.#options = options
    this.#share = options.share ?? WHOLE
    this.#targets = createTargets(profile, this.#share)
    this.#durationMs = this.#targets.timeline.durationMs
    this.#publishedMs = this.#durationMs
    this.#startedAtMs = options.wallNow()
    this.#parts = new RunParts(options, this.#share, () => this.#nowMs())
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
    this.#stopAsked = how
    this.#publishedMs = Math.min(this.#publishedMs, Math.max(0, this.#nowMs()))
    // While it starts there is nothing to drain.
    if (how === 'now' || this.#state === 'starting') this.#stopped.give()
    else this.#parts.shards?.drain(QUIESCE_MS)
    if (how === 'now') this.#parts.shards?.drain(0)
  }

  async execute(): Promise<Report> {
    let ticking: NodeJS.Timeout | undefined
    let record: RunRecord | undefined
    try {
      await loadHistograms()
      const { profile } = this.#options
      const [targets, events, nowMs] = [this.#targets, this.#events, () => this.#nowMs()]
      const remembered = new RunRecord({ profile, targets, events, nowMs })
      record = remembered
      await Promise.race([this.#open(remembered), this.#stopped.promise])
      await this.#waitForStart()
      if (this.#stopAsked) return this.#report(remembered, null, STOPPED_EARLY)
      this.#start()
      ticking = setInterval(() => this.#tick(remembered), TICK_MS)
      await this.#parts.shards?.finished
      const drained = await this.#drain(remembered)
      this.#state = 'done'
      this.#tellProgress(remembered)
      const failure = this.#connectFailure
      return this.#report(
        remembered,
        drained,
        failure ? `${failure.message} (${failure.code}). ${failure.hint}` : null,
      )
    } finally {
      clearInterval(ticking)
      await this.#parts.close()
      record?.destroy()
    }
  }

  /** Time of the run in ms; negative before its start. */
  #nowMs(): number {
    return machineNowMs() - this.#zeroMs
  }

  /** How the embedded broker died; null while it lives and when there is none. */
  get #brokerDeath(): string | null {
    return this.#parts.broker?.death ?? null
  }

  async #open(record: RunRecord): Promise<void> {
    try {
      await this.#parts.open(record)
    } catch (error) {
      // Ctrl-C in a terminal ends a worker that has just been started, sometimes before its word reaches us.
      await pause(STOP_LAG_MS, this.#stopped.promise)
      if (!this.#stopAsked) throw error
    }
  }

  async #waitForStart(): Promise<void> {
    const { startAtMs, wallNow } = this.#options
    if (startAtMs === undefined) return
    const waitMs = startAtMs - wallNow() - LEAD_MS
    if (waitMs > 0) await pause(waitMs, this.#stopped.promise)
  }

  #start(): void {
    this.#zeroMs = machineNowMs() + LEAD_MS
    this.#startedAtMs = this.#options.wallNow() + LEAD_MS
    this.#state = 'connecting'
    this.#parts.probe?.start(this.#zeroMs, warmUpsOf(this.#options.profile.thresholds))
    this.#parts.shards?.start(this.#zeroMs, this.#startedAtMs)
  }

  /** null without a probe. */
  async #drain(record: RunRecord): Promise<Drained | null> {
    const { profile } = this.#options
    const { probe, shards } = this.#parts
    this.#state = 'draining'
    if (!probe) return null
    return await drainProbe({
      probe,
      settings: { graceMs: profile.drain.grace, quietMs: profile.drain.quiet },
      expectedAtMost: expectedAtMost(profile, shards?.records ?? []),
      record,
      nowMs: () => this.#nowMs(),
      stopped: this.#stopped.promise,
      isStopped: () => this.#stopAsked === 'now',
      remaining: (ms) => {
        this.#drainRemainingMs = ms
      },
    })
  }

  #report(record: RunRecord, drained: Drained | null, startFailure: string | null): Report {
    const { profile, source, environment, run, wallNow } = this.#options
    record.series.finish()
    const endpoint = endpointOf(profile, null, usesEmbeddedBroker(profile) ? 0 : null)
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
          durationMs: Math.max(0, this.#nowMs()),
          interrupted: this.#stopAsked !== undefined && !this.#connectFailure && this.#brokerDeath === null,
          seed: profile.seed,
          share: this.#share === WHOLE ? null : { index: this.#share.index + 1, count: this.#share.count },
          broker: { url: endpoint.embedded ? 'embedded' : endpoint.url, protocol: endpoint.protocol },
        },
        record,
        shards: this.#parts.shards?.records ?? [],
        probe: drained?.probe ?? null,
        settled: drained?.settled ?? true,
        startFailure,
        brokerDeath: this.#brokerDeath,
        planned: plannedDevices(profile, this.#targets, this.#share, this.#publishedMs),
        publishedMs: this.#publishedMs,
      }),
    )
  }

  #tick(record: RunRecord): void {
    const nowMs = this.#nowMs()
    const totals = record.tally.grandTotals()
    if (this.#state === 'connecting' && totals.connected > 0 && totals.sent > 0) this.#state = 'running'
    if (!this.#stopAsked) {
      this.#connectFailure = connectFailure(totals, this.#events.mainFailure, nowMs)
      // Nobody is there to drain for.
      if (this.#connectFailure || this.#brokerDeath !== null) this.stop('now')
    }
    this.#tellProgress(record)
  }

  #tellProgress(record: RunRecord): void {
    const nowMs = Math.max(0, this.#nowMs())
    const devices = sizeOf(createRoster(this.#options.profile).total, this.#share)
    const progress: RunProgress = {
      ...record.measured(nowMs),
      state: this.#state,
      tMs: nowMs,
      totalMs: this.#durationMs,
      devices,
      targetPerS: this.#state === 'draining' ? 0 : this.#targets.rateHz(nowMs),
      ...(this.#drainRemainingMs === undefined ? {} : { drainRemainingMs: this.#drainRemainingMs }),
    }
    for (const listener of this.#progressListeners) listener(progress)
  }
}
