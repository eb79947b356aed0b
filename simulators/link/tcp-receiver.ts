import { payloadPerPacket } from './model.ts'
import { PacketRing } from './packet-ring.ts'
import type { RoundTrip } from './round-trip.ts'
import { ARRIVED, type Segments } from './segments.ts'
import type { TcpHost } from './tcp-host.ts'
import type { Timed, Wheel } from './wheel.ts'

/** Who hears of acknowledgements. */
export interface AckListener {
  /** Segment `number` has arrived, and all below `upTo`. */
  acked(number: number, upTo: number, nowMs: number): void
}

/** An acknowledgement waits for a second segment, but no longer than this; at first none waits (Linux, TCP_DELACK_MIN). */
const DELAYED_ACK_MS = 40
const QUICK_ACKS = 16

/** The far end of a TCP connection: puts segments in order and acknowledges them. */
export class TcpReceiver implements Timed {
  readonly #wheel: Wheel
  readonly #host: TcpHost
  readonly #listener: AckListener
  readonly #segments: Segments
  readonly #roundTrip: RoundTrip
  /** Acknowledgements on their way back: of which segment, and up to which one all have arrived. */
  readonly #acks = new PacketRing()
  readonly #node: number
  #lastAckMs = 0
  /** Number behind the last segment that is here without a gap. */
  #received = 0
  /** Segments that have arrived behind a gap. */
  #waiting = 0
  /** Acknowledgements still to be sent without waiting. */
  #quickAcks = QUICK_ACKS
  #heardMs = Number.NEGATIVE_INFINITY
  /** The last acknowledgement waits for a second segment. */
  #isAckHeld = false

  constructor(
    wheel: Wheel,
    facts: { host: TcpHost; segments: Segments; roundTrip: RoundTrip },
    listener: AckListener,
  ) {
    this.#wheel = wheel
    this.#host = facts.host
    this.#listener = listener
    this.#segments = facts.segments
    this.#roundTrip = facts.roundTrip
    this.#node = wheel.add(this)
  }

  isBehind(nowMs: number): boolean {
    return this.#wheel.dueOf(this.#node) <= nowMs
  }

  /** A segment has come through. */
  arrived(number: number, nowMs: number): void {
    const segments = this.#segments
    const isNew = number >= this.#received && !segments.is(number, ARRIVED)
    // Linux acknowledges at once for a while after a silence and after duplicates (tcp_event_data_recv).
    if (!isNew || nowMs - this.#heardMs > this.#roundTrip.timeoutMs(0)) this.#quickAcks = QUICK_ACKS
    this.#heardMs = nowMs
    if (!isNew) {
      this.#acknowledge(number, this.#received, false, nowMs)
      return
    }
    segments.mark(number, ARRIVED)
    this.#waiting += 1
    // What fills a gap is acknowledged at once (RFC 5681 section 4.2), and so is what is less than full: it was pushed,
    // and Linux acknowledges that as soon as it is read (tcp_cleanup_rbuf).
    const isFull = segments.size(number) === payloadPerPacket(this.#host.model)
    const isNext = number === this.#received && this.#waiting === 1
    const mayWait = isNext && isFull && this.#quickAcks === 0
    if (this.#quickAcks > 0) this.#quickAcks -= 1
    let upTo = this.#received
    while (upTo < segments.end && segments.is(upTo, ARRIVED)) upTo += 1
    this.#acknowledge(number, upTo, mayWait, nowMs)
    while (this.#received < upTo) {
      this.#received += 1
      this.#waiting -= 1
      this.#host.complete(segments.size(this.#received - 1))
    }
  }

  due(nowMs: number): void {
    const { tag, extra } = this.#acks
    this.#acks.shift()
    if (this.#acks.size > 0) this.#wheel.set(this.#node, this.#acks.timeMs)
    if (!this.#host.isDown) this.#listener.acked(tag, extra, nowMs)
  }

  free(): void {
    this.#wheel.remove(this.#node)
  }

  #acknowledge(number: number, upTo: number, mayWait: boolean, nowMs: number): void {
    const isSecond = this.#isAckHeld && this.#acks.size > 0
    this.#isAckHeld = mayWait && !isSecond
    const leavesMs = this.#isAckHeld ? nowMs + DELAYED_ACK_MS : nowMs
    const arrivesMs = Math.max(this.#lastAckMs, leavesMs + this.#host.ackDelayMs)
    if (isSecond) this.#acks.replaceLast(arrivesMs, number, upTo)
    else this.#acks.push(arrivesMs, number, upTo)
    if (!this.#isAckHeld) this.#lastAckMs = arrivesMs
    if (this.#acks.size === 1) this.#wheel.set(this.#node, arrivesMs)
  }
}
