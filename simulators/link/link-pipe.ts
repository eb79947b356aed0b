// Long because it is one life cycle: handshake, open, abandoned, closed.
import type { Random } from '../plan/random.ts'
import type { Air } from './air.ts'
import type { Cell } from './cell.ts'
import { Handshake } from './handshake.ts'
import { Lane, type LaneConditions, type LaneFacts, type LaneSink } from './lane.ts'
import type { Direction, LinkModel } from './model.ts'
import type { Timed, Wheel } from './wheel.ts'

/** What a pipe tells the two ends of a connection: the session above and the socket below. */
export interface PipeEnds extends LaneSink {
  /** The handshake is through: the device may send. */
  opened(): void
  /** The link has reset the connection: both ends must hear of it now. */
  reset(): void
  /** The device has gone, and word of it has reached the far end: the socket must be closed now. */
  abandoned(): void
}

/** The link that a pipe belongs to. */
export interface PipeHost {
  readonly model: LinkModel
  readonly isDown: boolean
  readonly air: Air | undefined
  readonly cell: Cell | undefined
  randomOf(purpose: Direction | 'other'): Random
  isBehind(nowMs: number): boolean
  readyAtMs(nowMs: number): number
  touched(nowMs: number): void
  left(pipe: LinkPipe): void
}

/** Bytes, or the end of the stream, that must wait for what happens before them. */
interface Arrival {
  direction: Direction
  bytes: Buffer | undefined
  atMs: number
}

/**
 * One connection over a link. Bytes go in with `send` and come out at its ends when the wheel is advanced, never within
 * `send` itself. Advance the wheel before handing over bytes; where it lags behind, they wait for their turn.
 */
export class LinkPipe implements LaneConditions, Timed {
  readonly up: Lane
  readonly down: Lane
  readonly #wheel: Wheel
  readonly #host: PipeHost
  readonly #ends: PipeEnds
  /** For the handshake, then for arrivals, then for word that the device has gone. */
  readonly #node: number
  #handshake: Handshake | undefined
  #arrivals: Arrival[] = []
  #state: 'opening' | 'open' | 'abandoned' | 'closed' = 'opening'
  /** When the last packet was seen. */
  #touchedMs: number
  /** A NAT on the way has dropped the connection: nothing passes any more. */
  #isForgotten = false

  constructor(wheel: Wheel, host: PipeHost, ends: PipeEnds, nowMs: number) {
    this.#wheel = wheel
    this.#host = host
    this.#ends = ends
    this.#touchedMs = nowMs
    this.up = this.#createLane('up')
    this.down = this.#createLane('down')
    this.#node = wheel.add(this)
    this.#handshake = new Handshake(host)
    this.due(nowMs)
  }

  get isDown(): boolean {
    return this.#isForgotten || this.#host.isDown
  }

  get air(): Air | undefined {
    return this.#host.air
  }

  /** Takes bytes over, for good; false when the lane is full: wait for `drained`. */
  send(direction: Direction, bytes: Buffer, nowMs: number): boolean {
    return this.#arrive(direction, bytes, nowMs)
  }

  /** No more bytes will come in this direction: the end (FIN) travels behind them. */
  finish(direction: Direction, nowMs: number): void {
    this.#arrive(direction, undefined, nowMs)
  }

  /**
   * The device goes without a word, or with a reset. The far end hears of it after the delay of the link; in a blackhole
   * not at all, until it sends something itself when the link is back. Until then its socket must stay open.
   */
  abandon(nowMs: number): void {
    if (this.#state === 'closed' || this.#state === 'abandoned') return
    const wasOpening = this.#state === 'opening'
    this.#state = 'abandoned'
    this.#closeLanes()
    const atMs = this.#timeOf(nowMs)
    if (wasOpening) this.#wheel.set(this.#node, atMs)
    else if (this.isDown) this.#wheel.cancel(this.#node)
    else this.#wheel.set(this.#node, atMs + this.#host.model.up.delayMs)
  }

  /** Ends the connection at both ends. */
  reset(): void {
    if (this.#state === 'closed') return
    this.close()
    this.#ends.reset()
  }

  /** Forgets all bytes and tells nobody. */
  close(): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#closeLanes()
    this.#wheel.remove(this.#node)
    this.#host.left(this)
  }

  // What the link says.

  interrupt(nowMs: number): void {
    if (this.#state === 'abandoned') this.#wheel.cancel(this.#node)
    if (this.#state !== 'open') return
    this.up.interrupt(nowMs)
    this.down.interrupt(nowMs)
  }

  resume(nowMs: number): void {
    if (this.#state !== 'open' || this.#isForgotten) return
    this.up.resume(nowMs)
    this.down.resume(nowMs)
  }

  change(model: LinkModel, nowMs: number): void {
    this.up.change(model.up, nowMs)
    this.down.change(model.down, nowMs)
  }

  due(nowMs: number): void {
    if (this.#state === 'abandoned') {
      this.close()
      this.#ends.abandoned()
      return
    }
    if (this.#handshake) {
      const nextMs = this.#handshake.step(nowMs)
      if (nextMs !== undefined) {
        this.#wheel.set(this.#node, nextMs)
        return
      }
      this.#handshake = undefined
      this.#state = 'open'
      this.#touchedMs = nowMs
      this.#ends.opened()
    }
    this.#takeArrivals(nowMs)
  }

  // What the lanes ask.

  readyAtMs(nowMs: number): number {
    return this.#host.readyAtMs(nowMs)
  }

  touched(nowMs: number): void {
    this.#touchedMs = nowMs
    this.#host.touched(nowMs)
  }

  ackDelayMs(direction: Direction): number {
    const { up, down } = this.#host.model
    return direction === 'up' ? down.delayMs : up.delayMs
  }

  #createLane(direction: Direction): Lane {
    const { model, cell } = this.#host
    const facts: LaneFacts = {
      direction,
      model: model[direction],
      tcp: model.tcp,
      conditions: this,
      random: this.#host.randomOf(direction),
      channel: cell?.[direction],
    }
    return new Lane(this.#wheel, facts, this.#ends)
  }

  #arrive(direction: Direction, bytes: Buffer | undefined, nowMs: number): boolean {
    const atMs = this.#timeOf(nowMs)
    if (this.#state === 'closed') return true
    if (this.#state === 'abandoned') {
      this.#answerForNobody(direction, atMs)
      return true
    }
    if (this.#state === 'open' && this.#arrivals.length === 0 && !this.#isBehind(atMs))
      return this.#take(direction, bytes, atMs)
    this.#arrivals.push({ direction, bytes, atMs })
    if (this.#state === 'open' && this.#arrivals.length === 1) this.#wheel.set(this.#node, atMs)
    return !this[direction].isFull
  }

  #take(direction: Direction, bytes: Buffer | undefined, nowMs: number): boolean {
    const { nat } = this.#host.model
    if (nat && !this.#isForgotten && nowMs - this.#touchedMs >= nat.idleMs) {
      if (nat.kind === 'reset') {
        this.reset()
        return true
      }
      this.#isForgotten = true
      this.up.interrupt(nowMs)
      this.down.interrupt(nowMs)
    }
    if (bytes) return this[direction].send(bytes, nowMs)
    this[direction].finish(nowMs)
    return true
  }

  #takeArrivals(nowMs: number): void {
    while (this.#state === 'open') {
      const arrival = this.#arrivals[0]
      if (!arrival) return
      if (arrival.atMs > nowMs) {
        this.#wheel.set(this.#node, arrival.atMs)
        return
      }
      this.#take(arrival.direction, arrival.bytes, nowMs)
      this.#arrivals.shift()
    }
  }

  /** The far end sends to a device that has forgotten the connection: it gets a reset for an answer. */
  #answerForNobody(direction: Direction, nowMs: number): void {
    if (direction === 'up' || this.isDown || this.#wheel.dueOf(this.#node) !== Number.POSITIVE_INFINITY)
      return
    const { up, down } = this.#host.model
    this.#wheel.set(this.#node, nowMs + down.delayMs + up.delayMs)
  }

  /** An answer to what has just happened is given at the time of that, however late this machine is. */
  #timeOf(nowMs: number): number {
    return this.#wheel.isAdvancing ? this.#wheel.nowMs : Math.max(nowMs, this.#wheel.nowMs)
  }

  #isBehind(nowMs: number): boolean {
    if (this.#wheel.isAdvancing || this.#wheel.nextDueMs > nowMs) return false
    return this.#host.isBehind(nowMs) || this.up.isBehind(nowMs) || this.down.isBehind(nowMs)
  }

  #closeLanes(): void {
    this.up.close(this.#wheel.nowMs)
    this.down.close(this.#wheel.nowMs)
    this.#arrivals = []
  }
}
