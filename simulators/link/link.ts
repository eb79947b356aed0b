import { createRandom, PURPOSE, type Random } from '../plan/random.ts'
import { Air } from './air.ts'
import type { Cell } from './cell.ts'
import { LinkPipe, type PipeEnds, type PipeHost } from './link-pipe.ts'
import type { Direction, LaneModel, LinkModel } from './model.ts'
import { Outages } from './outages.ts'
import { Radio } from './radio.ts'
import type { Trace, TraceStep } from './trace.ts'
import { TracePlayer } from './trace-player.ts'
import type { Timed, Wheel } from './wheel.ts'

export interface LinkFacts {
  model: LinkModel
  /** Of the run; with the device it makes the randomness of this link. */
  seed: number
  device: number
  cell?: Cell | undefined
}

const BY_OUTAGE = 1
const BY_FAULT = 2

/** The emulated access network of one device; it outlives the connections that are made over it. */
export class Link implements PipeHost, Timed {
  readonly cell: Cell | undefined
  readonly air: Air | undefined
  readonly #wheel: Wheel
  readonly #node: number
  readonly #randoms: Readonly<Record<Direction | 'other', Random>>
  readonly #radio: Radio
  readonly #pipes = new Set<LinkPipe>()
  readonly #players: Partial<Record<Direction, TracePlayer>> = {}
  readonly #steps: Partial<Record<Direction, TraceStep>> = {}
  /** As configured, without traces. */
  #configured: LinkModel
  #model: LinkModel
  #outages: Outages | undefined
  #down = 0

  constructor(wheel: Wheel, { model, seed, device, cell }: LinkFacts) {
    this.cell = cell
    this.air = model.halfDuplex ? new Air() : undefined
    this.#wheel = wheel
    this.#node = wheel.add(this)
    const random = (purpose: number) => createRandom(seed, device, PURPOSE.link, purpose)
    this.#randoms = { up: random(1), down: random(2), other: random(3) }
    this.#configured = model
    this.#model = model
    this.#radio = new Radio(model, this.#randoms.other.next())
    this.#plan(wheel.nowMs)
  }

  get model(): LinkModel {
    return this.#model
  }

  get isDown(): boolean {
    return this.#down !== 0
  }

  /** Whether an event of the link itself has yet to happen at or before a time. */
  isBehind(nowMs: number): boolean {
    const { up, down } = this.#players
    const isStale = this.#wheel.dueOf(this.#node) <= nowMs
    return isStale || (up?.isBehind(nowMs) ?? false) || (down?.isBehind(nowMs) ?? false)
  }

  /** Begins a connection: its handshake pays for the link too. */
  connect(ends: PipeEnds, nowMs: number): LinkPipe {
    const pipe = new LinkPipe(this.#wheel, this, ends, nowMs)
    this.#pipes.add(pipe)
    return pipe
  }

  /** Replaces the model in mid-run. What is on its way keeps its time; outages begin anew only when they differ. */
  change(model: LinkModel, nowMs: number): void {
    const hadOutages = this.#configured.outages
    this.#configured = model
    if (model.outages !== hadOutages) this.#plan(nowMs)
    this.#radio.change(model)
    this.#apply(nowMs)
  }

  /** Lets a direction follow a trace; undefined goes back to the model. */
  follow(direction: Direction, trace: Trace | undefined, nowMs: number): void {
    this.#players[direction]?.stop()
    delete this.#players[direction]
    delete this.#steps[direction]
    if (!trace) this.#apply(nowMs)
    else
      this.#players[direction] = new TracePlayer(this.#wheel, trace, nowMs, (step, atMs) => {
        this.#steps[direction] = step
        this.#apply(atMs)
      })
  }

  /** Nothing passes while this is on, and nobody is told. */
  blackhole(isOn: boolean, nowMs: number): void {
    this.#set(BY_FAULT, isOn, nowMs)
  }

  /** Ends all connections with a reset. */
  reset(): void {
    for (const pipe of [...this.#pipes]) pipe.reset()
  }

  /** Ends all connections without a word and leaves the wheel. */
  close(): void {
    for (const pipe of [...this.#pipes]) pipe.close()
    this.#players.up?.stop()
    this.#players.down?.stop()
    this.#wheel.remove(this.#node)
  }

  // What a pipe asks.

  randomOf(purpose: Direction | 'other'): Random {
    return this.#randoms[purpose]
  }

  readyAtMs(nowMs: number): number {
    return this.#radio.readyAtMs(nowMs)
  }

  touched(nowMs: number): void {
    this.#radio.touched(nowMs)
  }

  left(pipe: LinkPipe): void {
    this.#pipes.delete(pipe)
  }

  due(nowMs: number): void {
    const outages = this.#outages
    if (!outages) return
    const { isDownNext, kind } = outages
    outages.step()
    this.#wheel.set(this.#node, outages.atMs)
    this.#set(BY_OUTAGE, isDownNext, nowMs)
    if (isDownNext && kind === 'reset') this.reset()
  }

  #plan(nowMs: number): void {
    const { outages } = this.#configured
    this.#outages = outages ? new Outages(outages, this.#randoms.other, nowMs) : undefined
    this.#wheel.set(this.#node, this.#outages?.atMs ?? Number.POSITIVE_INFINITY)
    if (!outages) this.#set(BY_OUTAGE, false, nowMs)
  }

  #set(reason: number, isOn: boolean, nowMs: number): void {
    const wasDown = this.isDown
    this.#down = isOn ? this.#down | reason : this.#down & ~reason
    if (this.isDown === wasDown) return
    for (const pipe of [...this.#pipes]) {
      if (this.isDown) pipe.interrupt(nowMs)
      else pipe.resume(nowMs)
    }
  }

  #apply(nowMs: number): void {
    const { up, down } = this.#steps
    const model = this.#configured
    this.#model = { ...model, up: withStep(model.up, up), down: withStep(model.down, down) }
    for (const pipe of [...this.#pipes]) pipe.change(this.#model, nowMs)
  }
}

function withStep(lane: LaneModel, step: TraceStep | undefined): LaneModel {
  return step ? { ...lane, ...step.changes } : lane
}
