// Long because it is one state machine: what Linux's sender does with acknowledgements, losses and timeouts.
import { Congestion } from './congestion.ts'
import { payloadPerPacket, queueBytes, type TcpModel, type TcpProfile } from './model.ts'
import { PacketRing } from './packet-ring.ts'
import { RoundTrip } from './round-trip.ts'
import { Scoreboard } from './scoreboard.ts'
import type { TcpHost } from './tcp-host.ts'
import { type AckListener, TcpReceiver } from './tcp-receiver.ts'
import type { Timed, Wheel } from './wheel.ts'

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

/**
 * TCP as an application feels it, packet by packet: bytes are never missing, they come late. SACK, RACK and TLP
 * (RFC 8985), proportional rate reduction (RFC 6937), cubic or reno, timeouts with back-off. Not modelled: lost
 * acknowledgements (but in an outage), a receive window, undoing what was lost only in appearance.
 */
export class TcpSender implements Timed, AckListener {
  readonly totals: TcpTotals = { retransmissions: 0, timeouts: 0, queueDrops: 0 }
  readonly #wheel: Wheel
  readonly #host: TcpHost
  /** Without tail loss probes. */
  readonly #isSimple: boolean
  readonly #congestion: Congestion
  readonly #roundTrip: RoundTrip
  readonly #board = new Scoreboard()
  readonly #receiver: TcpReceiver
  /** Segments on their way to the wire, and how many bytes they are. */
  readonly #outbox = new PacketRing()
  #outboxBytes = 0
  readonly #node: number

  #phase: Phase = 'open'
  /** Recovery ends when all below this are acknowledged. */
  #recoverTo = 0
  #backoff = 0
  #isLimited = false
  #mostInFlight = 0
  #usageTo = 0
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
    const facts = { host, segments: this.#board.segments, roundTrip: this.#roundTrip }
    this.#receiver = new TcpReceiver(wheel, facts, this)
    this.#node = wheel.add(this)
  }

  get hasPacket(): boolean {
    return this.#outbox.size > 0
  }

  isBehind(nowMs: number): boolean {
    return this.#wheel.dueOf(this.#node) <= nowMs || this.#receiver.isBehind(nowMs)
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
    const { segments } = this.#board
    return number < segments.first ? 0 : segments.size(number)
  }

  /** There is something new to send. */
  pushed(nowMs: number): void {
    this.#pump(nowMs, false)
  }

  /** A segment has reached the far end. */
  arrived(number: number, nowMs: number): void {
    this.#receiver.arrived(number, nowMs)
  }

  acked(number: number, upTo: number, nowMs: number): void {
    const board = this.#board
    if (board.isNews(number)) this.#measure(number, nowMs)
    const fresh = board.acked(number, upTo)
    const advanced = board.advance()
    if (advanced > 0) {
      this.#backoff = 0
      this.#timeoutAtMs = nowMs + this.#roundTrip.timeoutMs(0)
    }
    const lostBefore = board.lost
    this.#detect(nowMs)
    this.#react(fresh, advanced, board.lost > lostBefore, nowMs)
    this.#pump(nowMs, true)
  }

  due(nowMs: number): void {
    if (this.#reorderAtMs <= nowMs) {
      this.#detect(nowMs)
      this.#react(0, 0, true, nowMs)
      this.#pump(nowMs, false)
    } else if (this.#probeAtMs <= nowMs) this.#probe(nowMs)
    else this.#timeout(nowMs)
  }

  free(): void {
    this.#receiver.free()
    this.#wheel.remove(this.#node)
  }

  #measure(number: number, nowMs: number): void {
    const { first, end } = this.#board.segments
    const rttMs = nowMs - this.#board.segments.sentMs(number)
    if (!this.#board.arrivedLater(number, rttMs, this.#roundTrip)) return
    this.#roundTrip.measured(rttMs)
    this.#congestion.measured(nowMs, rttMs, { leastRttMs: this.#roundTrip.leastMs, first, end })
  }

  #detect(nowMs: number): void {
    this.#reorderAtMs = this.#board.detect(nowMs, this.#phase === 'open', this.#roundTrip.leastMs)
  }

  #react(fresh: number, advanced: number, isLosing: boolean, nowMs: number): void {
    const congestion = this.#congestion
    const first = this.#board.segments.first
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
    if (this.#phase === 'open' && this.#board.lost > 0) this.#recover()
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
    this.#recoverTo = this.#board.segments.end
    this.#priorWindow = this.#congestion.cwnd
    this.#delivered = 0
    this.#sentInRecovery = 0
    this.#probeTo = -1
    this.#congestion.reduce()
  }

  /** Proportional rate reduction, as Linux's tcp_cwnd_reduction has it. */
  #pace(fresh: number, isProgress: boolean): void {
    const congestion = this.#congestion
    const room = congestion.ssthresh - this.#board.inFlight
    this.#delivered += fresh
    let quota: number
    if (room < 0)
      quota = Math.ceil((congestion.ssthresh * this.#delivered) / this.#priorWindow) - this.#sentInRecovery
    else
      quota = Math.min(room, Math.max(this.#delivered - this.#sentInRecovery, fresh) + (isProgress ? 1 : 0))
    congestion.cwnd = this.#board.inFlight + Math.max(quota, this.#sentInRecovery > 0 ? 0 : 1)
  }

  /** Sends what the window allows: first what was lost, then what is new. */
  #pump(nowMs: number, isAnswer: boolean): void {
    const { window } = this.#congestion
    let isLimited = false
    let hasSent = false
    while (this.#board.unrepaired > 0 || this.#host.hasUnsent) {
      if (this.#board.inFlight >= window) {
        isLimited = true
        break
      }
      if (this.#board.unrepaired > 0) this.#resend(this.#board.firstUnrepaired, nowMs)
      else this.#sendNew(nowMs)
      hasSent = true
    }
    if (hasSent || isLimited) this.#noteUse(isLimited || this.#board.inFlight >= window)
    if (hasSent || isAnswer) this.#expectAnswer(nowMs)
    this.#arm()
    if (hasSent) this.#host.kick(nowMs)
  }

  #sendNew(nowMs: number): void {
    const size = this.#host.takeUnsent(payloadPerPacket(this.#host.model))
    this.#transmit(this.#board.segments.add(size), nowMs)
  }

  #resend(number: number, nowMs: number): void {
    this.#board.resend(number)
    this.totals.retransmissions += 1
    this.#transmit(number, nowMs)
  }

  #transmit(number: number, nowMs: number): void {
    this.#board.segments.setSentMs(number, nowMs)
    if (this.#timeoutAtMs === Number.POSITIVE_INFINITY)
      this.#timeoutAtMs = nowMs + this.#roundTrip.timeoutMs(this.#backoff)
    if (this.#phase === 'recovery') this.#sentInRecovery += 1
    const size = this.#board.segments.size(number)
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
    const inFlight = this.#board.outstanding
    if (
      this.#board.segments.first < this.#usageTo &&
      !isLimited &&
      (this.#isLimited || inFlight <= this.#mostInFlight)
    )
      return
    this.#isLimited = isLimited
    this.#mostInFlight = inFlight
    this.#usageTo = this.#board.segments.end
  }

  #expectAnswer(nowMs: number): void {
    const mayProbe =
      this.#board.outstanding > 0 &&
      this.#phase === 'open' &&
      this.#board.sacked === 0 &&
      this.#probeTo < 0 &&
      !this.#isSimple
    this.#probeAtMs = mayProbe
      ? Math.min(this.#timeoutAtMs, nowMs + this.#roundTrip.probeMs(this.#board.outstanding))
      : Number.POSITIVE_INFINITY
  }

  #arm(): void {
    if (this.#board.outstanding === 0) this.#timeoutAtMs = Number.POSITIVE_INFINITY
    this.#wheel.set(this.#node, Math.min(this.#timeoutAtMs, this.#probeAtMs, this.#reorderAtMs))
  }

  /** Tail loss probe (RFC 8985 section 7.3): something new, or the last segment again. */
  #probe(nowMs: number): void {
    this.#probeAtMs = Number.POSITIVE_INFINITY
    this.#hasProbeResent = !this.#host.hasUnsent
    if (this.#hasProbeResent) this.#resend(this.#board.segments.end - 1, nowMs)
    else this.#sendNew(nowMs)
    this.#probeTo = this.#board.segments.end
    this.#timeoutAtMs = nowMs + this.#roundTrip.timeoutMs(this.#backoff)
    this.#arm()
    this.#host.kick(nowMs)
  }

  /** RFC 6298 section 5: everything counts as lost, and the next wait is twice as long. */
  #timeout(nowMs: number): void {
    if (this.#phase !== 'loss') this.#congestion.reduce()
    this.#board.loseAll()
    this.#phase = 'loss'
    this.#recoverTo = this.#board.segments.end
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
