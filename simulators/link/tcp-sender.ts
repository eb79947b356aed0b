// Long because it is one state machine: what Linux's sender does with acknowledgements, losses and timeouts.
import { Congestion } from './congestion.ts'
import { type LaneModel, payloadPerPacket, queueBytes, type TcpModel, type TcpProfile } from './model.ts'
import { PacketRing } from './packet-ring.ts'
import { RoundTrip } from './round-trip.ts'
import { ACKED, ARRIVED, EVER_RESENT, LOST, RESENT, Segments } from './segments.ts'
import type { Timed, Wheel } from './wheel.ts'

/** The lane that a sender works for. */
export interface TcpHost {
  readonly model: LaneModel
  readonly hasUnsent: boolean
  /** Acknowledgements do not come through. */
  readonly isDown: boolean
  /** Time an acknowledgement takes back. */
  readonly ackDelayMs: number
  /** Takes unsent bytes for a segment and returns how many; 0 is the end of the stream. */
  takeUnsent(mostBytes: number): number
  /** There is something to transmit. */
  kick(nowMs: number): void
  /** The next bytes of the stream are complete at the receiver; 0 is its end. */
  complete(bytes: number): void
}

export interface TcpTotals {
  retransmissions: number
  timeouts: number
  /** Packets that found the queue full. */
  queueDrops: number
}

type Phase = 'open' | 'recovery' | 'loss'

/** RFC 6928. */
const INITIAL_WINDOW = 10
const MOST_WINDOW = 10_000
/** Segments acknowledged out of order before a gap counts as a loss at once (RFC 5681 section 3.2). */
const REORDERING = 3
/** Linux rounds this timer up by two ticks of 4 ms (TCP_TIMEOUT_MIN). */
const TIMER_SLACK_MS = 8
/** An acknowledgement waits for a second segment, but no longer than this; at first none waits (Linux, TCP_DELACK_MIN). */
const DELAYED_ACK_MS = 40
const QUICK_ACKS = 16

/**
 * TCP as an application feels it, packet by packet: bytes are never missing, they come late. SACK, RACK and TLP
 * (RFC 8985), proportional rate reduction (RFC 6937), cubic or reno, timeouts with back-off. Not modelled: delayed and
 * lost acknowledgements (but in an outage), a receive window, undoing what was lost only in appearance.
 */
export class TcpSender implements Timed {
  readonly totals: TcpTotals = { retransmissions: 0, timeouts: 0, queueDrops: 0 }
  readonly #wheel: Wheel
  readonly #host: TcpHost
  /** Without tail loss probes. */
  readonly #isSimple: boolean
  readonly #congestion: Congestion
  readonly #roundTrip: RoundTrip
  readonly #segments = new Segments()
  /** Segments on their way to the wire, and how many bytes they are. */
  readonly #outbox = new PacketRing()
  #outboxBytes = 0
  /** Acknowledgements on their way back: of which segment, and up to which one all have arrived. */
  readonly #acks = new PacketRing()
  readonly #ackNode: number
  readonly #timerNode: number
  #lastAckMs = 0
  /** Number behind the last segment that the receiver has without a gap. */
  #received = 0
  /** Segments that have arrived behind a gap. */
  #waiting = 0
  /** Acknowledgements still to be sent without waiting. */
  #quickAcks = QUICK_ACKS
  #heardMs = Number.NEGATIVE_INFINITY
  /** The last acknowledgement waits for a second segment. */
  #isAckHeld = false

  #phase: Phase = 'open'
  /** Recovery ends when all below this are acknowledged. */
  #recoverTo = 0
  #sacked = 0
  #lost = 0
  #resent = 0
  /** Lost and not yet sent again. */
  #unrepaired = 0
  #backoff = 0
  #isLimited = false
  #mostInFlight = 0
  #usageTo = 0
  /** The latest transmission known to have arrived (RACK). */
  #latestSentMs = Number.NEGATIVE_INFINITY
  #latestNumber = -1
  #latestRttMs = 0
  /** Proportional rate reduction. */
  #priorWindow = 0
  #delivered = 0
  #sentInRecovery = 0
  #timeoutAtMs = Number.POSITIVE_INFINITY
  #probeAtMs = Number.POSITIVE_INFINITY
  #reorderAtMs = Number.POSITIVE_INFINITY
  /** A probe is out until everything below this is acknowledged; -1 without one. */
  #probeTo = -1
  #hasProbeResent = false

  constructor(wheel: Wheel, host: TcpHost, tcp: TcpModel, profile: TcpProfile, handshakeMs: number) {
    this.#wheel = wheel
    this.#host = host
    this.#isSimple = profile !== 'linux'
    const mostWindow = profile === 'constrained' ? 1 : MOST_WINDOW
    this.#congestion = new Congestion(tcp.congestion, Math.min(INITIAL_WINDOW, mostWindow), mostWindow)
    this.#roundTrip = new RoundTrip(profile, handshakeMs)
    this.#ackNode = wheel.add(this)
    this.#timerNode = wheel.add(this)
  }

  get hasPacket(): boolean {
    return this.#outbox.size > 0
  }

  /** Segments that are not acknowledged. */
  get outstanding(): number {
    return this.#segments.end - this.#segments.first
  }

  isBehind(nowMs: number): boolean {
    return this.#wheel.dueOf(this.#ackNode) <= nowMs || this.#wheel.dueOf(this.#timerNode) <= nowMs
  }

  /** The next segment for the wire. */
  nextPacket(): number {
    const { tag, extra } = this.#outbox
    this.#outbox.shift()
    this.#outboxBytes -= extra
    return tag
  }

  /** A segment that is acknowledged may still be under way again; its size is then of no account. */
  sizeOf(number: number): number {
    return number < this.#segments.first ? 0 : this.#segments.size(number)
  }

  /** There is something new to send. */
  pushed(nowMs: number): void {
    this.#pump(nowMs, false)
  }

  /** A segment has reached the far end. */
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
    const isNext = number === this.#received
    // The end of a gap is acknowledged at once too (RFC 5681 section 4.2).
    // What is less than full was pushed, and is acknowledged as soon as it is read (Linux, tcp_cleanup_rbuf).
    const isFull = segments.size(number) === payloadPerPacket(this.#host.model)
    const mayWait = isNext && isFull && this.#waiting === 1 && this.#quickAcks === 0
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

  due(nowMs: number, node: number): void {
    if (node === this.#timerNode) this.#alarm(nowMs)
    else {
      const { tag, extra } = this.#acks
      this.#acks.shift()
      if (this.#acks.size > 0) this.#wheel.set(this.#ackNode, this.#acks.timeMs)
      if (!this.#host.isDown) this.#acked(tag, extra, nowMs)
    }
  }

  free(): void {
    this.#wheel.remove(this.#ackNode)
    this.#wheel.remove(this.#timerNode)
  }

  get #inFlight(): number {
    return this.outstanding - this.#sacked - this.#lost + this.#resent
  }

  #acknowledge(number: number, upTo: number, mayWait: boolean, nowMs: number): void {
    const isSecond = this.#isAckHeld && this.#acks.size > 0
    this.#isAckHeld = mayWait && !isSecond
    const leavesMs = this.#isAckHeld ? nowMs + DELAYED_ACK_MS : nowMs
    const arrivesMs = Math.max(this.#lastAckMs, leavesMs + this.#host.ackDelayMs)
    if (isSecond) this.#acks.replaceLast(arrivesMs, number, upTo)
    else this.#acks.push(arrivesMs, number, upTo)
    if (!this.#isAckHeld) this.#lastAckMs = arrivesMs
    if (this.#acks.size === 1) this.#wheel.set(this.#ackNode, arrivesMs)
  }

  #acked(number: number, upTo: number, nowMs: number): void {
    const segments = this.#segments
    let fresh = 0
    if (number >= segments.first && !segments.is(number, ACKED)) {
      this.#measure(number, nowMs)
      this.#settle(number)
      fresh = 1
    }
    for (let older = segments.first; older < upTo; older += 1) {
      if (segments.is(older, ACKED)) continue
      this.#settle(older)
      fresh += 1
    }
    const before = segments.first
    while (segments.first < segments.end && segments.is(segments.first, ACKED)) {
      segments.first += 1
      this.#sacked -= 1
    }
    const advanced = segments.first - before
    if (advanced > 0) {
      this.#backoff = 0
      this.#timeoutAtMs =
        this.outstanding > 0 ? nowMs + this.#roundTrip.timeoutMs(0) : Number.POSITIVE_INFINITY
    }
    const lostBefore = this.#lost
    this.#detect(nowMs)
    this.#react(fresh, advanced, this.#lost > lostBefore, nowMs)
    this.#pump(nowMs, true)
  }

  #settle(number: number): void {
    const segments = this.#segments
    const isResent = segments.is(number, RESENT)
    if (segments.is(number, LOST)) {
      this.#lost -= 1
      if (!isResent) this.#unrepaired -= 1
    }
    if (isResent) this.#resent -= 1
    segments.unmark(number, LOST | RESENT)
    segments.mark(number, ACKED)
    this.#sacked += 1
  }

  #measure(number: number, nowMs: number): void {
    const sentMs = this.#segments.sentMs(number)
    const rttMs = nowMs - sentMs
    if (!this.#segments.is(number, EVER_RESENT)) {
      this.#roundTrip.measured(rttMs)
      const { first, end } = this.#segments
      this.#congestion.measured(nowMs, rttMs, { leastRttMs: this.#roundTrip.leastMs, first, end })
    }
    // An answer sooner than any round trip is one to the first transmission (RFC 8985 section 6.2 step 2).
    else if (rttMs < this.#roundTrip.leastMs) return
    if (sentMs > this.#latestSentMs || (sentMs === this.#latestSentMs && number > this.#latestNumber)) {
      this.#latestSentMs = sentMs
      this.#latestNumber = number
      this.#latestRttMs = rttMs
    }
  }

  /** RACK (RFC 8985 section 6.2): lost is what was sent before something that has arrived, and is overdue. */
  #detect(nowMs: number): void {
    this.#reorderAtMs = Number.POSITIVE_INFINITY
    if (this.#sacked === 0 && this.#phase === 'open') return
    const isSure = this.#phase !== 'open' || this.#sacked >= REORDERING
    const patienceMs = this.#latestRttMs + (isSure ? 0 : this.#roundTrip.leastMs / 4)
    const segments = this.#segments
    for (let number = segments.first; number < segments.end; number += 1) {
      if (segments.is(number, ACKED)) continue
      if (segments.is(number, LOST) && !segments.is(number, RESENT)) continue
      const sentMs = segments.sentMs(number)
      const isEarlier =
        sentMs < this.#latestSentMs || (sentMs === this.#latestSentMs && number < this.#latestNumber)
      if (!isEarlier) continue
      if (sentMs + patienceMs <= nowMs) this.#lose(number)
      else this.#reorderAtMs = Math.min(this.#reorderAtMs, sentMs + patienceMs + TIMER_SLACK_MS)
    }
  }

  #lose(number: number): void {
    const segments = this.#segments
    if (!segments.is(number, LOST)) this.#lost += 1
    if (segments.is(number, RESENT)) this.#resent -= 1
    this.#unrepaired += 1
    segments.mark(number, LOST)
    segments.unmark(number, RESENT)
  }

  #react(fresh: number, advanced: number, isLosing: boolean, nowMs: number): void {
    const congestion = this.#congestion
    const first = this.#segments.first
    if (this.#probeTo >= 0 && first >= this.#probeTo) {
      // The probe itself has filled the gap: that was a loss too (RFC 8985 section 7.4).
      if (this.#hasProbeResent && this.#phase === 'open') {
        congestion.reduce()
        congestion.cwnd = Math.min(congestion.cwnd, congestion.ssthresh)
      }
      this.#probeTo = -1
    }
    if (this.#phase !== 'open' && first >= this.#recoverTo) {
      if (this.#phase === 'recovery') congestion.cwnd = congestion.ssthresh
      this.#phase = 'open'
    }
    if (this.#phase === 'open' && this.#lost > 0) this.#recover()
    if (this.#phase === 'recovery') this.#pace(fresh, advanced > 0 && !isLosing)
    else if (advanced > 0 && this.#mayGrow()) congestion.grow(fresh, nowMs, this.#roundTrip.leastMs)
  }

  #mayGrow(): boolean {
    const { cwnd, ssthresh } = this.#congestion
    if (this.#phase === 'loss' || this.#isLimited) return true
    return cwnd < ssthresh && cwnd < 2 * this.#mostInFlight
  }

  #recover(): void {
    this.#phase = 'recovery'
    this.#recoverTo = this.#segments.end
    this.#priorWindow = this.#congestion.cwnd
    this.#delivered = 0
    this.#sentInRecovery = 0
    this.#probeTo = -1
    this.#congestion.reduce()
  }

  /** Proportional rate reduction, as Linux's tcp_cwnd_reduction has it. */
  #pace(fresh: number, isProgress: boolean): void {
    const congestion = this.#congestion
    const room = congestion.ssthresh - this.#inFlight
    this.#delivered += fresh
    let quota: number
    if (room < 0)
      quota = Math.ceil((congestion.ssthresh * this.#delivered) / this.#priorWindow) - this.#sentInRecovery
    else
      quota = Math.min(room, Math.max(this.#delivered - this.#sentInRecovery, fresh) + (isProgress ? 1 : 0))
    congestion.cwnd = this.#inFlight + Math.max(quota, this.#sentInRecovery > 0 ? 0 : 1)
  }

  /** Sends what the window allows: first what was lost, then what is new. */
  #pump(nowMs: number, isAnswer: boolean): void {
    const { window } = this.#congestion
    let isLimited = false
    let hasSent = false
    while (this.#unrepaired > 0 || this.#host.hasUnsent) {
      if (this.#inFlight >= window) {
        isLimited = true
        break
      }
      if (this.#unrepaired > 0) this.#resend(this.#firstLost(), nowMs)
      else this.#sendNew(nowMs)
      hasSent = true
    }
    if (hasSent || isLimited) this.#noteUse(isLimited || this.#inFlight >= window)
    if (hasSent || isAnswer) this.#expectAnswer(nowMs)
    this.#arm()
    if (hasSent) this.#host.kick(nowMs)
  }

  #firstLost(): number {
    const segments = this.#segments
    let number = segments.first
    while (!segments.is(number, LOST) || segments.is(number, RESENT)) number += 1
    return number
  }

  #sendNew(nowMs: number): void {
    const size = this.#host.takeUnsent(payloadPerPacket(this.#host.model))
    this.#transmit(this.#segments.add(size), nowMs)
  }

  #resend(number: number, nowMs: number): void {
    if (this.#segments.is(number, LOST)) this.#unrepaired -= 1
    this.#segments.mark(number, RESENT | EVER_RESENT)
    this.#resent += 1
    this.totals.retransmissions += 1
    this.#transmit(number, nowMs)
  }

  #transmit(number: number, nowMs: number): void {
    this.#segments.setSentMs(number, nowMs)
    if (this.#timeoutAtMs === Number.POSITIVE_INFINITY)
      this.#timeoutAtMs = nowMs + this.#roundTrip.timeoutMs(this.#backoff)
    if (this.#phase === 'recovery') this.#sentInRecovery += 1
    const size = this.#segments.size(number)
    const { model } = this.#host
    const hasRoom =
      this.#outboxBytes === 0 ||
      model.rateBitS === Number.POSITIVE_INFINITY ||
      this.#outboxBytes + size <= queueBytes(model)
    // A full queue drops its newest packet; TCP finds that out like any other loss.
    if (!hasRoom) this.totals.queueDrops += 1
    else {
      this.#outbox.push(nowMs, number, size)
      this.#outboxBytes += size
    }
  }

  /** Whether the window is what holds the sender back; else it must not grow (RFC 7661). */
  #noteUse(isLimited: boolean): void {
    const inFlight = this.outstanding
    if (
      this.#segments.first < this.#usageTo &&
      !isLimited &&
      (this.#isLimited || inFlight <= this.#mostInFlight)
    )
      return
    this.#isLimited = isLimited
    this.#mostInFlight = inFlight
    this.#usageTo = this.#segments.end
  }

  #expectAnswer(nowMs: number): void {
    const mayProbe =
      this.outstanding > 0 &&
      this.#phase === 'open' &&
      this.#sacked === 0 &&
      this.#probeTo < 0 &&
      !this.#isSimple
    this.#probeAtMs = mayProbe
      ? Math.min(this.#timeoutAtMs, nowMs + this.#roundTrip.probeMs(this.outstanding))
      : Number.POSITIVE_INFINITY
  }

  #arm(): void {
    if (this.outstanding === 0) this.#timeoutAtMs = Number.POSITIVE_INFINITY
    this.#wheel.set(this.#timerNode, Math.min(this.#timeoutAtMs, this.#probeAtMs, this.#reorderAtMs))
  }

  #alarm(nowMs: number): void {
    if (this.#reorderAtMs <= nowMs) {
      this.#detect(nowMs)
      this.#react(0, 0, true, nowMs)
      this.#pump(nowMs, false)
    } else if (this.#probeAtMs <= nowMs) this.#probe(nowMs)
    else this.#timeout(nowMs)
  }

  /** Tail loss probe (RFC 8985 section 7.3): something new, or the last segment again. */
  #probe(nowMs: number): void {
    this.#probeAtMs = Number.POSITIVE_INFINITY
    this.#hasProbeResent = !this.#host.hasUnsent
    if (this.#hasProbeResent) this.#resend(this.#segments.end - 1, nowMs)
    else this.#sendNew(nowMs)
    this.#probeTo = this.#segments.end
    this.#timeoutAtMs = nowMs + this.#roundTrip.timeoutMs(this.#backoff)
    this.#arm()
    this.#host.kick(nowMs)
  }

  /** RFC 6298 section 5: everything counts as lost, and the next wait is twice as long. */
  #timeout(nowMs: number): void {
    const segments = this.#segments
    if (this.#phase !== 'loss') this.#congestion.reduce()
    for (let number = segments.first; number < segments.end; number += 1) {
      if (segments.is(number, ACKED) || (segments.is(number, LOST) && !segments.is(number, RESENT))) continue
      this.#lose(number)
    }
    this.#phase = 'loss'
    this.#recoverTo = segments.end
    this.#congestion.cwnd = 1
    this.#probeTo = -1
    this.#probeAtMs = Number.POSITIVE_INFINITY
    this.#reorderAtMs = Number.POSITIVE_INFINITY
    this.#backoff += 1
    this.#timeoutAtMs = nowMs + this.#roundTrip.timeoutMs(this.#backoff)
    this.totals.timeouts += 1
    this.#pump(nowMs, false)
  }
}
