import { createConnector } from '../device/connector.ts'
import type { FleetRuntime } from '../device/fleet-runtime.ts'
import { createDeck, type LinkDeck } from '../device/link-deck.ts'
import { compilePrograms } from '../device/payload/compile-programs.ts'
import type { RunClock } from '../device/ports.ts'
import type { Link } from '../link/link.ts'
import { LatencyHistogram, loadHistograms } from '../metrics/histogram.ts'
import { warmUpsOf } from '../metrics/thresholds.ts'
import { endpointOf } from '../profile/endpoint.ts'
import { buildDevices, createFleets, devicesPerFleet, taskStride } from './build-devices.ts'
import { LoopMonitor } from './loop-monitor.ts'
import { QUIESCE_MS, type ShardDown, type ShardSample, type ShardUp } from './messages.ts'
import { runClock } from './run-clock.ts'
import { sampleShard } from './sample-shard.ts'
import { type FleetHistograms, ShardEngine } from './shard-engine.ts'
import { toWireError } from './wire-error.ts'
import type { WorkerLink } from './worker-port.ts'

const SAMPLE_MS = 250
/** Time for DISCONNECT and FIN to pass slow links. */
const FAREWELL_MS = 5_000
/** Books are sent in pieces, so that no single message holds the channel up. */
const BOOKS_PER_MESSAGE = 5_000

/**
 * The body of a shard process. Resolves when it has ended: done and told to stop, broken, or left alone by its supervisor.
 */
export function runShard(link: WorkerLink<ShardDown, ShardUp>): Promise<void> {
  return new Promise((resolve) => {
    const shard = new Shard(link, resolve)
    link.onClosed(() => shard.stop())
    link.onMessage((message) => {
      shard.receive(message).catch((thrown: unknown) => {
        link.send({ type: 'failed', error: toWireError(thrown) })
        shard.stop()
      })
    })
  })
}

class Shard {
  readonly #link: WorkerLink<ShardDown, ShardUp>
  readonly #ended: () => void
  readonly #monitor = new LoopMonitor()
  readonly #wallClock = { zeroMs: 0 }
  #clock: RunClock = () => Number.NEGATIVE_INFINITY
  #engine: ShardEngine | undefined
  #deck: LinkDeck | undefined
  #fleets: FleetRuntime[] = []
  #histograms: FleetHistograms[] = []
  #lateness: LatencyHistogram | undefined
  #durationMs = 0
  #warmUps: number[] = []
  #quiesceUntilMs = Number.POSITIVE_INFINITY
  /** When the next turn is planned, ms of the run; -Infinity during a turn. */
  #armedMs = Number.NEGATIVE_INFINITY
  #isLeaving = false
  #leaveUntilMs = Number.POSITIVE_INFINITY
  #turn: NodeJS.Timeout | undefined
  readonly #next = (): void => this.#advance()
  #sampling: NodeJS.Timeout[] = []
  #isOver = false

  constructor(link: WorkerLink<ShardDown, ShardUp>, ended: () => void) {
    this.#link = link
    this.#ended = ended
  }

  async receive(message: ShardDown): Promise<void> {
    if (message.type === 'prepare') await this.#prepare(message)
    else if (message.type === 'start') this.#start(message.zeroMs, message.wallZeroMs)
    else if (message.type === 'drain') this.#drain(this.#clock(), message.quiesceMs)
    else this.stop()
  }

  stop(): void {
    clearTimeout(this.#turn)
    this.#stopSampling()
    this.#monitor.stop()
    if (!this.#isOver) this.#engine?.finish()
    this.#isOver = true
    for (const { ack, connect } of this.#histograms) for (const each of [ack, connect]) each.destroy()
    this.#lateness?.destroy()
    this.#ended()
  }

  async #prepare({ facts, share }: Extract<ShardDown, { type: 'prepare' }>): Promise<void> {
    const { profile, run, baseDir, embeddedPort } = facts
    await loadHistograms()
    const endpoints = profile.fleets.map((fleet) => endpointOf(profile, fleet, embeddedPort))
    const protocols = endpoints.map((endpoint) => endpoint.protocol)
    const devices = devicesPerFleet(profile, share, run)
    const connectors = await Promise.all(
      endpoints.map((endpoint, fleet) =>
        createConnector({ endpoint, baseDir, devices: devices[fleet] ?? [], wallNowMs: Date.now() }),
      ),
    )
    this.#fleets = createFleets(profile)
    this.#histograms = profile.fleets.map(() => ({
      ack: new LatencyHistogram(),
      connect: new LatencyHistogram(),
    }))
    this.#lateness = new LatencyHistogram()
    this.#warmUps = warmUpsOf(profile.thresholds)
    this.#durationMs = profile.stages.reduce((sum, stage) => sum + stage.for, 0)
    const deck = createDeck({ profile, baseDir, clock: () => this.#clock(), shards: share.count })
    const engine: ShardEngine = new ShardEngine({
      clock: () => this.#clock(),
      links: deck?.wheel,
      stride: taskStride(profile),
      histograms: this.#histograms,
      lateness: this.#lateness,
      open: ({ fleet, name, place }) => {
        const connector = connectors[fleet.index]
        if (!connector) throw new Error(`fleet ${fleet.index} has no connector`)
        const link = links[place]
        return connector.open(name, link && deck ? (openSocket) => deck.through(link, openSocket) : undefined)
      },
    })
    const programs = compilePrograms(profile, protocols, baseDir)
    const context = {
      profile,
      run,
      share,
      wallClock: this.#wallClock,
      fleets: this.#fleets,
      programs,
      protocols,
    }
    for (const device of buildDevices({ ...context, context: engine, sessions: engine.sessions }))
      engine.add(device)
    const links: readonly (Link | undefined)[] = engine.devices.map(({ fleet, number, index }) =>
      deck?.linkOf(fleet.index, number, index),
    )
    if (deck) deck.wake = () => this.#wake(deck)
    this.#deck = deck
    this.#engine = engine
    this.#link.send({ type: 'ready', devices: engine.devices.length })
  }

  #start(zeroMs: number, wallZeroMs: number): void {
    this.#clock = runClock(zeroMs)
    this.#wallClock.zeroMs = wallZeroMs
    this.#monitor.start()
    const send = () => this.#link.send({ type: 'sample', sample: this.#sample() })
    this.#sampling = [
      setInterval(send, SAMPLE_MS),
      // One just behind each warm-up, so that what belongs to it and what follows can be told apart.
      ...this.#warmUps.map((warmUpMs) => setTimeout(send, Math.max(0, warmUpMs - this.#clock()) + 1)),
    ]
    this.#turn = setTimeout(this.#next, Math.max(0, -this.#clock()))
  }

  #advance(): void {
    const engine = this.#engine
    if (!engine || this.#isOver) return
    const nowMs = this.#clock()
    this.#armedMs = Number.NEGATIVE_INFINITY
    const nextMs = engine.advance(nowMs)
    // A shard that is behind still owes everything that was due before the end.
    const isPublished = nowMs >= this.#durationMs && engine.nextDueMs >= this.#durationMs
    if (isPublished && !this.#isDraining) this.#drain(nowMs, QUIESCE_MS)
    const isQuiet = engine.quiet && (this.#deck?.isIdle ?? true)
    if (this.#isDraining && !this.#isLeaving && (isQuiet || nowMs >= this.#quiesceUntilMs))
      this.#leave(engine, nowMs)
    if (this.#isLeaving && ((this.#deck?.openCount ?? 0) === 0 || nowMs >= this.#leaveUntilMs)) {
      this.#finish(engine)
      return
    }
    // One millisecond is the shortest a timer can be; a coarser tick would bunch messages and measure its own bursts.
    this.#armedMs = nextMs
    if (nextMs > this.#clock()) this.#turn = setTimeout(this.#next, Math.max(1, nextMs - nowMs))
    else setImmediate(this.#next)
  }

  #drain(nowMs: number, quiesceMs: number): void {
    this.#engine?.drain()
    this.#quiesceUntilMs = Math.min(this.#quiesceUntilMs, nowMs + quiesceMs)
  }

  get #isDraining(): boolean {
    return this.#quiesceUntilMs !== Number.POSITIVE_INFINITY
  }

  /** A link has something due before the turn that is planned. */
  #wake(deck: LinkDeck): void {
    const dueMs = deck.wheel.nextDueMs
    if (this.#isOver || dueMs >= this.#armedMs) return
    this.#armedMs = dueMs
    clearTimeout(this.#turn)
    this.#turn = setTimeout(this.#next, Math.max(1, dueMs - this.#clock()))
  }

  /** Takes the devices off the network; over a slow link their goodbye takes its time. */
  #leave(engine: ShardEngine, nowMs: number): void {
    engine.finish()
    this.#isLeaving = true
    this.#leaveUntilMs = nowMs + FAREWELL_MS
  }

  /** Hands over what became of every message. */
  #finish(engine: ShardEngine): void {
    this.#deck?.close()
    this.#isOver = true
    this.#stopSampling()
    let books = []
    for (const book of engine.books()) {
      books.push(book)
      if (books.length < BOOKS_PER_MESSAGE) continue
      this.#link.send({ type: 'books', books })
      books = []
    }
    if (books.length > 0) this.#link.send({ type: 'books', books })
    this.#link.send({ type: 'done', sample: this.#sample() })
  }

  #stopSampling(): void {
    for (const timer of this.#sampling) clearInterval(timer)
  }

  #sample(): ShardSample {
    return sampleShard({
      t: this.#clock(),
      fleets: this.#fleets,
      histograms: this.#histograms,
      lateness: this.#lateness,
      log: this.#engine?.log,
      monitor: this.#monitor,
    })
  }
}
