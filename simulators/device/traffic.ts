import mqttPacket from 'mqtt-packet'
import type { QoS } from '../profile/profile.ts'
import { EMPTY_TOPIC, encodeAck, encodePublish } from './encode.ts'
import type { InboundMessage } from './inbound-message.ts'
import type { Outgoing } from './outgoing.ts'
import { type AckType, PUBACK, PUBCOMP, PUBREC, PUBREL, packetName } from './packet-types.ts'
import type { PublishRequest } from './ports.ts'
import { Resend } from './resend.ts'
import type { AnySession, ConnectedInfo, PublishOutcome, SessionHost } from './session-settings.ts'
import { OutgoingFlight, type SessionState } from './session-state.ts'
import { TopicAliases } from './topic-aliases.ts'

const PACKET_ID_NOT_FOUND = 0x92
/** Reason codes from here on are failures (MQTT 5 section 2.4). */
const FIRST_FAILURE = 0x80

/** The messages of one connection, from CONNACK on: publishing, acknowledgements, what the broker sends. */
export class Traffic<Tag> {
  readonly limits: ConnectedInfo
  readonly #session: AnySession<Tag>
  readonly #host: SessionHost<Tag>
  readonly #state: SessionState<Tag>
  readonly #outgoing: Outgoing
  readonly #aliases: TopicAliases | undefined
  #resend: Resend<Tag> | undefined
  #subscribeId = 0
  /** QoS of the last publish that had to wait; -1 when none does. */
  #awaitedQos = -1
  /** Goodbye is said or the connection is gone: nothing may be sent any more. */
  #isOver = false

  constructor(
    session: AnySession<Tag>,
    host: SessionHost<Tag>,
    state: SessionState<Tag>,
    outgoing: Outgoing,
    limits: ConnectedInfo,
  ) {
    this.#session = session
    this.#host = host
    this.#state = state
    this.#outgoing = outgoing
    this.limits = limits
    this.#aliases = limits.topicAliases > 0 ? new TopicAliases(limits.topicAliases) : undefined
  }

  /** Takes up the session where it was left, or mourns it; then nothing is in the way of new messages. */
  begin(): void {
    if (this.limits.sessionPresent) {
      if (this.#state.size > 0) this.#resend = new Resend(this.#state)
      this.#sendAgain()
    } else {
      for (const flight of this.#state.lose()) this.#host.hooks.abandoned(this.#session, flight)
    }
    if (!this.#state.isSubscribed && !this.#isOver) this.#subscribe()
  }

  end(): void {
    this.#isOver = true
  }

  canPublish(qos: QoS): boolean {
    if (this.#isOver || this.#outgoing.isCongested || this.#resend) return false
    return qos === 0 || this.#state.size < this.limits.inFlight
  }

  publish(request: PublishRequest<Tag>, nowMs: number): PublishOutcome {
    const { qos, moment } = request
    const { limits } = this
    if (this.#isOver) return 'not-connected'
    if (qos > limits.maximumQos || (request.retain && !limits.retainAvailable)) {
      request.body.skip(moment)
      return 'unsupported'
    }
    if (!this.canPublish(qos)) {
      this.#awaitedQos = qos
      return this.#outgoing.isCongested ? 'congested' : 'window'
    }
    const { slab } = this.#host
    const alias = this.#aliases?.aliasFor(request.topic) ?? 0
    const topic = alias > 0 && this.#aliases?.isAnnounced(request.topic) ? EMPTY_TOPIC : request.topic
    const packetId = qos === 0 ? 0 : this.#state.nextPacketId(this.#subscribeId)
    const start = encodePublish(slab, request, packetId, topic, alias)
    if (slab.at - start > limits.maximumPacketBytes) {
      slab.at = start
      return 'too-large'
    }
    if (alias > 0) this.#aliases?.announce(request.topic, alias)
    if (qos !== 0) {
      const aliasedTopic = alias === 0 ? undefined : request.topic
      const { seq, intendedUs } = moment
      const { bytes, at } = slab
      this.#state.add(
        new OutgoingFlight(
          request.tag,
          seq,
          intendedUs,
          nowMs,
          qos,
          packetId,
          bytes,
          start,
          at,
          aliasedTopic,
        ),
      )
    }
    this.#outgoing.append(start)
    return 'sent'
  }

  /** An acknowledgement came; returns how it breaks the protocol, if it does. */
  ack(type: AckType, packetId: number, reasonCode: number): string | undefined {
    if (type === PUBREL) {
      this.#reply(PUBCOMP, packetId, this.#state.release(packetId) ? 0 : PACKET_ID_NOT_FOUND)
      return undefined
    }
    const flight = this.#state.flight(packetId)
    if (!flight) {
      // Of an earlier life of this client, perhaps: only the QoS 2 exchange can be brought to an end.
      if (type === PUBREC && reasonCode < FIRST_FAILURE) this.#reply(PUBREL, packetId, PACKET_ID_NOT_FOUND)
      return undefined
    }
    if ((flight.qos === 1) !== (type === PUBACK))
      return `a ${packetName(type)} for packet ${packetId}, which has QoS ${flight.qos}`
    if (type === PUBCOMP) {
      if (flight.receivedCode < 0) return `a PUBCOMP for packet ${packetId} before its PUBREC`
      // The PUBREC has decided; a PUBCOMP can only add that the broker had already forgotten the id.
      this.#acknowledged(flight, flight.receivedCode)
    } else if (type === PUBACK || reasonCode >= FIRST_FAILURE) {
      this.#acknowledged(flight, reasonCode)
    } else {
      flight.receivedCode = reasonCode
      this.#reply(PUBREL, packetId, 0)
    }
    return undefined
  }

  message(message: InboundMessage): string | undefined {
    if (this.#isOver) return undefined
    const { packetId, qos } = message
    if (qos < 2) this.#host.hooks.received(this.#session, message)
    else if (this.#state.receive(packetId)) {
      // With QoS 2, copies are acknowledged and not delivered (MQTT 5 section 4.3.3).
      if (this.#state.unreleased > (this.#session.settings.receiveMaximum ?? 65_535))
        return 'more QoS 2 messages at once than the Receive Maximum announced'
      this.#host.hooks.received(this.#session, message)
    }
    if (qos > 0) this.#reply(qos === 1 ? PUBACK : PUBREC, packetId, 0)
    return undefined
  }

  subscribed(packetId: number | undefined, granted: readonly unknown[]): string | undefined {
    if (this.#subscribeId === 0 || packetId !== this.#subscribeId) return 'a SUBACK that was not asked for'
    this.#subscribeId = 0
    this.#state.isSubscribed = true
    const codes = granted.map((code) => (typeof code === 'number' ? code : FIRST_FAILURE))
    this.#host.hooks.subscribed(this.#session, codes)
    return undefined
  }

  /** Goes on with what had to wait, now that there is room in the window or the socket. */
  goOn(): void {
    if (this.#resend) this.#sendAgain()
    if (this.#awaitedQos < 0 || !this.canPublish(this.#awaitedQos === 0 ? 0 : 1)) return
    this.#awaitedQos = -1
    this.#host.hooks.writable(this.#session)
  }

  #acknowledged(flight: OutgoingFlight<Tag>, reasonCode: number): void {
    this.#state.remove(flight.packetId)
    this.#host.hooks.acknowledged(this.#session, flight, reasonCode)
    this.goOn()
  }

  #reply(type: AckType, packetId: number, reasonCode: number): void {
    if (this.#isOver) return
    const code = this.#session.settings.protocol === 5 ? reasonCode : 0
    this.#outgoing.append(encodeAck(this.#host.slab, type, packetId, code))
  }

  #sendAgain(): void {
    while (this.#resend && !this.#isOver) {
      const barred = this.#resend.pump(this.#state, this.#outgoing, this.#host.slab, this.limits)
      if (!barred) {
        if (this.#resend.isDone) this.#resend = undefined
        return
      }
      this.#state.remove(barred.packetId)
      this.#host.hooks.abandoned(this.#session, barred)
    }
  }

  #subscribe(): void {
    const { subscriptions, protocol } = this.#session.settings
    if (subscriptions.length === 0) return
    this.#subscribeId = this.#state.nextPacketId(0)
    this.#outgoing.appendCopy(
      mqttPacket.generate(
        { cmd: 'subscribe', messageId: this.#subscribeId, subscriptions: [...subscriptions] },
        { protocolVersion: protocol },
      ),
    )
  }
}
