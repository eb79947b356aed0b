// Long because it is one lane seen from three sides: its owner, its wire and its TCP sender.
import type { Random } from '../plan/random.ts'
import { ByteQueue } from './byte-queue.ts'
import type { CellChannel } from './cell.ts'
import { type Direction, type LaneModel, queueBytes, type TcpModel } from './model.ts'
import { nextProbeMs, RoundTrip } from './round-trip.ts'
import type { TcpHost } from './tcp-host.ts'
import { TcpSender, type TcpTotals } from './tcp-sender.ts'
import type { Wheel } from './wheel.ts'
import { type Conditions, Wire, type WireTotals, type WireUser } from './wire.ts'

/** Where the bytes of a lane come out. */
export interface LaneSink {
  /** The next bytes are through. */
  released(direction: Direction, bytes: Buffer): void
  /** There is room again after `send` has said that the lane is full. */
  drained(direction: Direction): void
  /** All bytes are through, and so is the end of the stream (FIN). */
  finished(direction: Direction): void
}

/** What a lane asks of its link. */
export interface LaneConditions extends Conditions {
  /** When a packet that is ready now may be sent: the radio may sleep, or need a channel first. */
  readyAtMs(nowMs: number): number
  /** Delay of the other direction, in which acknowledgements travel. */
  ackDelayMs(direction: Direction): number
}

export interface LaneFacts {
  direction: Direction
  model: LaneModel
  tcp: TcpModel
  conditions: LaneConditions
  random: Random
  channel: CellChannel | undefined
}

const NO_TCP: TcpTotals = { retransmissions: 0, timeouts: 0, queueDrops: 0 }

/**
 * One direction of one connection. Without loss its bytes go as one packet after the other as the rate allows; with loss
 * a TCP sender decides what is sent again. Either way all bytes come out, once and in order.
 * Packets without TCP have negative tags, -1 minus their size, so that both kinds may be on the wire at a change.
 */
export class Lane implements WireUser, TcpHost {
  readonly direction: Direction
  model: LaneModel
  readonly #wheel: Wheel
  readonly #facts: LaneFacts
  readonly #sink: LaneSink
  readonly #wire: Wire
  readonly #bytes = new ByteQueue()
  #sender: TcpSender | undefined
  /** Bytes that are in no packet yet. */
  #unsent = 0
  /** Bytes that have not left the last queue. */
  #backlog = 0
  #fin: 'no' | 'asked' | 'sent' = 'no'
  #isFull = false
  #isOpen = true
  /** Since when the lane has had something to send and could not, in an outage. */
  #cutOffMs: number | undefined
  /** When the sender finds out that an outage is over. */
  #resumeMs = Number.NEGATIVE_INFINITY
  #offeredBytes = 0
  #releasedBytes = 0

  constructor(wheel: Wheel, facts: LaneFacts, sink: LaneSink) {
    this.direction = facts.direction
    this.model = facts.model
    this.#wheel = wheel
    this.#facts = facts
    this.#sink = sink
    this.#wire = new Wire(wheel, facts, this)
    if (facts.model.loss) this.#sender = this.#createSender()
  }

  /** Bytes that wait to be sent. */
  get backlogBytes(): number {
    return this.#backlog
  }

  /** Whether the queue is over its limit, until it has drained to half of it. */
  get isFull(): boolean {
    return this.#isFull
  }

  /** Bytes that came in. */
  get offeredBytes(): number {
    return this.#offeredBytes
  }

  /** Bytes that are through. */
  get releasedBytes(): number {
    return this.#releasedBytes
  }

  get wireTotals(): Readonly<WireTotals> {
    return this.#wire.totals
  }

  get tcpTotals(): Readonly<TcpTotals> {
    return this.#sender?.totals ?? NO_TCP
  }

  isBehind(nowMs: number): boolean {
    return this.#wire.isBehind(nowMs) || (this.#sender?.isBehind(nowMs) ?? false)
  }

  /** Takes bytes over, for good; false when the queue is full now. */
  send(bytes: Buffer, nowMs: number): boolean {
    if (!this.#isOpen || this.#fin !== 'no') return true
    this.#bytes.push(bytes)
    this.#offeredBytes += bytes.length
    this.#unsent += bytes.length
    this.#backlog += bytes.length
    this.#push(nowMs)
    if (this.#backlog >= queueBytes(this.model)) this.#isFull = true
    return !this.#isFull
  }

  /** No more bytes will come: the end travels behind them. */
  finish(nowMs: number): void {
    if (!this.#isOpen || this.#fin !== 'no') return
    this.#fin = 'asked'
    this.#push(nowMs)
  }

  /** Nothing passes from now on. What was on its way is not lost but will be sent again, as TCP would. */
  interrupt(nowMs: number): void {
    if (this.#sender) {
      this.#wire.lose()
      return
    }
    const isWaiting = this.#bytes.bytes > 0 || this.#fin !== 'no'
    this.#wire.withdraw(nowMs)
    this.#unsent = this.#bytes.bytes
    this.#backlog = this.#unsent
    if (this.#fin === 'sent') this.#fin = 'asked'
    if (isWaiting) this.#cutOffMs ??= nowMs
  }

  /** Things pass again; the sender notices when it tries the next time. */
  resume(nowMs: number): void {
    if (this.#cutOffMs !== undefined) {
      this.#resumeMs = nextProbeMs(this.#roundTrip(), this.#cutOffMs, nowMs)
      this.#cutOffMs = undefined
    }
    this.#wire.kick(nowMs)
  }

  /** A new model holds at once; nothing is lost or reordered by it. */
  change(model: LaneModel, nowMs: number): void {
    this.model = model
    if (model.loss && !this.#sender) this.#sender = this.#createSender()
    this.#wire.change(model, nowMs)
    this.#push(nowMs)
    this.#relieve()
  }

  /** Forgets all bytes and leaves the wheel. */
  close(nowMs: number): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#fin = 'sent'
    this.#wire.free(nowMs)
    this.#sender?.free()
    this.#bytes.clear()
    this.#unsent = 0
    this.#backlog = 0
  }

  // What the wire asks.

  get hasPacket(): boolean {
    if (!this.#isOpen) return false
    if (this.#sender) return this.#sender.hasPacket
    return this.hasUnsent && !this.isDown
  }

  nextPacket(mostBytes: number): number {
    return this.#sender ? this.#sender.nextPacket() : -1 - this.takeUnsent(mostBytes)
  }

  payloadOf(tag: number): number {
    return tag < 0 ? -1 - tag : (this.#sender?.sizeOf(tag) ?? 0)
  }

  readyAtMs(nowMs: number): number {
    return this.#resumeMs > nowMs ? this.#resumeMs : this.#facts.conditions.readyAtMs(nowMs)
  }

  mayLose(tag: number): boolean {
    return tag >= 0
  }

  departed(tag: number): void {
    if (tag >= 0) return
    this.#backlog -= -1 - tag
    this.#relieve()
  }

  arrived(tag: number, nowMs: number): void {
    if (tag < 0) this.complete(-1 - tag)
    else this.#sender?.arrived(tag, nowMs)
  }

  // What the TCP sender asks.

  get hasUnsent(): boolean {
    return this.#unsent > 0 || this.#fin === 'asked'
  }

  get isDown(): boolean {
    return this.#facts.conditions.isDown
  }

  get ackDelayMs(): number {
    return this.#facts.conditions.ackDelayMs(this.direction)
  }

  takeUnsent(mostBytes: number): number {
    const size = Math.min(this.#unsent, mostBytes)
    this.#unsent -= size
    if (size === 0) this.#fin = 'sent'
    // Nobody is told before the sender is done: they might send again.
    else if (this.#sender) this.#backlog -= size
    return size
  }

  kick(nowMs: number): void {
    this.#wire.kick(nowMs)
    this.#relieve()
  }

  complete(bytes: number): void {
    if (!this.#isOpen) return
    if (bytes === 0) this.#sink.finished(this.direction)
    for (let left = bytes; left > 0; ) {
      const piece = this.#bytes.take(left)
      // The sink may have closed the lane, and then there is nothing left.
      if (!piece) return
      left -= piece.length
      this.#releasedBytes += piece.length
      this.#sink.released(this.direction, piece)
    }
  }

  #push(nowMs: number): void {
    if (this.#sender) this.#sender.pushed(nowMs)
    else if (this.isDown) this.#cutOffMs ??= nowMs
    else this.#wire.kick(nowMs)
  }

  #relieve(): void {
    if (!this.#isFull || this.#backlog > queueBytes(this.model) / 2) return
    this.#isFull = false
    this.#sink.drained(this.direction)
  }

  #createSender(): TcpSender {
    const { tcp } = this.#facts
    const profile = this.direction === 'up' ? tcp.device : tcp.server
    return new TcpSender(this.#wheel, this, tcp, profile, this.model.delayMs + this.ackDelayMs)
  }

  #roundTrip(): RoundTrip {
    const { tcp } = this.#facts
    const profile = this.direction === 'up' ? tcp.device : tcp.server
    return new RoundTrip(profile, this.model.delayMs + this.ackDelayMs)
  }
}
