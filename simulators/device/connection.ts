// Long because every step in the life of one connection is told here, from SYN to end.
import type { IConnackPacket } from 'mqtt-packet'
import type { QoS } from '../profile/profile.ts'
import { FrameReader, type FrameSink } from './frames.ts'
import {
  connackProblem,
  connectPacket,
  MAXIMUM_INBOUND_BYTES,
  readAcceptance,
  readRefusal,
} from './handshake.ts'
import type { InboundMessage } from './inbound-message.ts'
import { KeepAlive } from './keep-alive.ts'
import { describeGarbage } from './not-mqtt.ts'
import { Outgoing } from './outgoing.ts'
import { type AckType, packetName } from './packet-types.ts'
import type { Closure, OpenTransport, PublishRequest, TransportEvents } from './ports.ts'
import type { RarePacket } from './rare-packets.ts'
import { reasonText } from './reason-codes.ts'
import type { AnySession, PublishOutcome, SessionHost } from './session-settings.ts'
import type { SessionState } from './session-state.ts'
import { Traffic } from './traffic.ts'
import { explainSocketError } from './transport/socket-errors.ts'

const PINGREQ = Uint8Array.of(0xc0, 0)
const DISCONNECT_NORMALLY = Uint8Array.of(0xe0, 0)
const MALFORMED_PACKET = 0x81
const PROTOCOL_ERROR = 0x82
/** A message unanswered for so long is copied out of its slab, which it keeps alive as a whole. */
const SETTLE_MS = 2_000

type Phase = 'opening' | 'handshake' | 'up' | 'leaving' | 'closed'

/** The session that a connection belongs to. */
export interface ConnectionOwner<Tag> extends AnySession<Tag> {
  connectionClosed(closure: Closure): void
}

/** One connection of a session, from the first SYN to its end: transport, handshake, keep-alive, timeouts. */
export class Connection<Tag> implements TransportEvents, FrameSink {
  readonly #session: ConnectionOwner<Tag>
  readonly #host: SessionHost<Tag>
  readonly #state: SessionState<Tag>
  readonly #outgoing: Outgoing
  readonly #reader: FrameReader
  #phase: Phase = 'opening'
  /** From CONNACK on. */
  #traffic: Traffic<Tag> | undefined
  #keepAlive: KeepAlive | undefined
  /** When connecting, or leaving, must be over; 0 until the next tick sets it. */
  #deadlineMs: number
  #settledMs: number

  constructor(
    session: ConnectionOwner<Tag>,
    host: SessionHost<Tag>,
    state: SessionState<Tag>,
    nowMs: number,
  ) {
    this.#session = session
    this.#host = host
    this.#state = state
    this.#outgoing = new Outgoing(host.slab, host.flushQueue)
    this.#reader = new FrameReader(session.settings.protocol, MAXIMUM_INBOUND_BYTES)
    this.#deadlineMs = nowMs + session.settings.connectTimeoutMs
    this.#settledMs = nowMs
  }

  get isConnected(): boolean {
    return this.#phase === 'up'
  }

  open(open: OpenTransport): void {
    const transport = open(this)
    // A transport may end before it is even handed over.
    if (this.#isClosed) transport.destroy()
    else this.#outgoing.transport = transport
  }

  canPublish(qos: QoS): boolean {
    return this.#traffic?.canPublish(qos) ?? false
  }

  publish(request: PublishRequest<Tag>, nowMs: number): PublishOutcome {
    const outcome = this.#traffic ? this.#traffic.publish(request, nowMs) : 'not-connected'
    if (outcome === 'sent') this.#keepAlive?.sent(nowMs)
    return outcome
  }

  tick(nowMs: number): void {
    if (this.#phase === 'up') this.#watch(nowMs)
    else if (this.#deadlineMs === 0) this.#deadlineMs = nowMs + this.#session.settings.connectTimeoutMs
    else if (nowMs >= this.#deadlineMs) this.#giveUp()
  }

  disconnect(): void {
    if (this.#phase === 'opening' || this.#phase === 'handshake') this.drop(false)
    if (this.#phase !== 'up') return
    this.#phase = 'leaving'
    this.#deadlineMs = 0
    this.#traffic?.end()
    this.#outgoing.appendCopy(DISCONNECT_NORMALLY)
    this.#outgoing.flushNow()
    this.#outgoing.transport?.end()
  }

  drop(reset: boolean): void {
    this.#close({ kind: 'client', text: reset ? 'reset by the device' : 'dropped by the device' }, reset)
  }

  opened(): void {
    if (this.#phase !== 'opening') return
    this.#phase = 'handshake'
    try {
      const { settings } = this.#session
      this.#outgoing.appendCopy(connectPacket(settings, this.#state.assignedClientId ?? settings.clientId))
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      this.#close({ kind: 'client', text: `these settings make no valid CONNECT: ${why}` })
    }
  }

  received(bytes: Buffer): void {
    if (this.#isClosed) return
    this.#keepAlive?.heard()
    const problem = this.#reader.read(bytes, this)
    if (problem === undefined || this.#isClosed) return
    if (this.#traffic === undefined) this.#close({ kind: 'not-mqtt', text: describeGarbage(bytes, problem) })
    else this.#fail(problem, MALFORMED_PACKET)
  }

  drained(): void {
    if (this.#isClosed) return
    this.#outgoing.isCongested = false
    this.#traffic?.goOn()
  }

  ended(error?: NodeJS.ErrnoException): void {
    if (this.#isClosed) return
    if (this.#phase === 'leaving') this.#close({ kind: 'client', text: 'disconnected by the device' })
    else if (error) this.#close(explainSocketError(error))
    else {
      const when = this.#traffic ? '' : ' before CONNACK'
      this.#close({ kind: 'reset', text: `the broker closed the connection${when}` })
    }
  }

  ack(type: AckType, packetId: number, reasonCode: number): boolean {
    if (!this.#traffic) return this.#tooEarly(packetName(type))
    return this.#judge(this.#traffic.ack(type, packetId, reasonCode))
  }

  pong(): boolean {
    if (!this.#traffic) return this.#tooEarly('PINGRESP')
    this.#keepAlive?.pong()
    return true
  }

  message(message: InboundMessage): boolean {
    if (!this.#traffic) return this.#tooEarly('PUBLISH')
    return this.#judge(this.#traffic.message(message))
  }

  rare(packet: RarePacket): boolean {
    const traffic = this.#traffic
    switch (packet.cmd) {
      case 'connack':
        return traffic ? this.#fail('a second CONNACK', PROTOCOL_ERROR) : this.#greeted(packet)
      case 'disconnect':
        return this.#sentAway(packet.reasonCode ?? 0, packet.properties?.reasonString)
      case 'suback':
        if (!traffic) return this.#tooEarly('SUBACK')
        return this.#judge(traffic.subscribed(packet.messageId, packet.granted))
      default:
        return this.#fail(`a ${packet.cmd.toUpperCase()} that was not asked for`, PROTOCOL_ERROR)
    }
  }

  // A getter, because any hook may end the connection while the compiler still believes the phase it has seen.
  get #isClosed(): boolean {
    return this.#phase === 'closed'
  }

  #greeted(connack: IConnackPacket): boolean {
    const { settings } = this.#session
    const refusal = readRefusal(connack, settings.protocol)
    if (refusal) return this.#close(refusal)
    const problem = connackProblem(connack, settings)
    if (problem) return this.#fail(problem, PROTOCOL_ERROR)
    const limits = readAcceptance(connack, settings, this.#state.assignedClientId ?? settings.clientId)
    if (limits.clientId !== settings.clientId) this.#state.assignedClientId = limits.clientId
    this.#phase = 'up'
    this.#keepAlive = new KeepAlive(limits.keepAliveS)
    this.#traffic = new Traffic(this.#session, this.#host, this.#state, this.#outgoing, limits)
    this.#traffic.begin()
    if (!this.#isClosed) this.#host.hooks.connected(this.#session, limits)
    return !this.#isClosed
  }

  #sentAway(reasonCode: number, why: string | undefined): false {
    if (this.#session.settings.protocol === 4)
      return this.#fail('a DISCONNECT, which MQTT 3.1.1 brokers never send', PROTOCOL_ERROR)
    const text = reasonText('disconnect', reasonCode) + (why ? `: ${why}` : '')
    return this.#close({ kind: 'server-disconnect', reasonCode, text })
  }

  #watch(nowMs: number): void {
    const action = this.#keepAlive?.tick(nowMs)
    if (action === 'ping') this.#outgoing.appendCopy(PINGREQ)
    else if (action === 'give-up') {
      const keepAliveS = this.#traffic?.limits.keepAliveS ?? 0
      this.#close({ kind: 'keep-alive', text: `no PINGRESP within the keep-alive of ${keepAliveS} s` })
      return
    }
    if (nowMs - this.#settledMs < SETTLE_MS) return
    this.#settledMs = nowMs
    this.#state.settle(nowMs - SETTLE_MS)
  }

  #giveUp(): void {
    if (this.#phase === 'leaving') {
      this.#close({ kind: 'client', text: 'disconnected by the device' })
      return
    }
    const missing = this.#phase === 'opening' ? 'connection' : 'CONNACK'
    const withinS = this.#session.settings.connectTimeoutMs / 1_000
    this.#close({ kind: 'timeout', text: `no ${missing} within ${withinS} s` })
  }

  #judge(problem: string | undefined): boolean {
    return problem === undefined ? !this.#isClosed : this.#fail(problem, PROTOCOL_ERROR)
  }

  #tooEarly(packet: string): false {
    return this.#fail(`${packet} before CONNACK`, PROTOCOL_ERROR)
  }

  /** The broker broke the protocol: says so where MQTT has a word for it, and ends. */
  #fail(problem: string, reasonCode: number): false {
    if (this.#phase === 'up' && this.#session.settings.protocol === 5) {
      this.#outgoing.appendCopy(Uint8Array.of(0xe0, 1, reasonCode))
      this.#outgoing.flushNow()
    }
    return this.#close({ kind: 'protocol-error', text: `the broker sent ${problem}` })
  }

  #close(closure: Closure, reset = false): false {
    if (this.#phase === 'closed') return false
    this.#phase = 'closed'
    this.#traffic?.end()
    this.#state.settle(Number.POSITIVE_INFINITY)
    const { transport } = this.#outgoing
    this.#outgoing.transport = undefined
    transport?.destroy(reset)
    this.#session.connectionClosed(closure)
    return false
  }
}
