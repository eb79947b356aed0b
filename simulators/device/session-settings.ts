import type { QoS } from '../profile/profile.ts'
import type { FlushQueue } from './flush-queue.ts'
import type { InboundMessage } from './inbound-message.ts'
import type { Closure, Flight, OpenTransport, PublishRequest } from './ports.ts'
import type { Slab } from './slab.ts'

/** The message that the broker publishes when a device vanishes. */
export interface Will {
  topic: string
  payload: Buffer | string
  qos: QoS
  retain: boolean
  /** MQTT 5 only. */
  delayS?: number
  userProperties?: Record<string, string>
  contentType?: string
}

/** How one device speaks MQTT; templates are rendered. What only MQTT 5 knows is ignored by 3.1.1. */
export interface SessionSettings {
  clientId: string
  /** 4 is MQTT 3.1.1. */
  protocol: 4 | 5
  username?: string
  password?: string
  /** 0 turns keep-alive off; the broker's Server Keep Alive wins. */
  keepAliveS: number
  cleanStart: boolean
  sessionExpiryS: number
  /** What the device announces: QoS 1 and 2 messages that the broker may have under way to it. */
  receiveMaximum?: number
  /** QoS 1 and 2 messages that the device has under way at most; the broker's Receive Maximum lowers it. */
  inFlight: number
  topicAliases: number
  will?: Will
  userProperties?: Record<string, string>
  subscriptions: readonly { topic: string; qos: QoS }[]
  connectTimeoutMs: number
}

/** What the broker said in its CONNACK, with the limits that now hold. */
export interface ConnectedInfo {
  sessionPresent: boolean
  clientId: string
  keepAliveS: number
  inFlight: number
  maximumQos: QoS
  retainAvailable: boolean
  /** Infinity when the broker names none. */
  maximumPacketBytes: number
  topicAliases: number
}

/**
 * `sent`: handed over. `window`, `congested`, `not-connected`: refused, nothing rendered; the `writable` hook follows the first two.
 * `too-large`, `unsupported` (QoS or retain that the broker does not take): refused for good, and the generators of the body have advanced.
 */
export type PublishOutcome = 'sent' | 'window' | 'congested' | 'not-connected' | 'too-large' | 'unsupported'

/** A session as its hooks see it. */
export interface AnySession<Tag> {
  readonly settings: SessionSettings
  readonly isConnected: boolean
  readonly inFlight: number
  flights(): Iterable<Flight<Tag>>
  connect(open: OpenTransport, nowMs: number): void
  canPublish(qos: QoS): boolean
  publish(request: PublishRequest<Tag>, nowMs: number): PublishOutcome
  disconnect(): void
  drop(reset?: boolean): void
}

/** What sessions tell the shard that drives them: one object for all of them. */
export interface SessionHooks<Tag> {
  connected(session: AnySession<Tag>, info: ConnectedInfo): void
  /** Exactly once per connect(). */
  closed(session: AnySession<Tag>, closure: Closure): void
  /** Final: PUBACK, PUBCOMP, or a PUBREC that rejects (0x80 and above). */
  acknowledged(session: AnySession<Tag>, flight: Flight<Tag>, reasonCode: number): void
  /** It was in flight when the session state was lost: nobody will ever acknowledge it. */
  abandoned(session: AnySession<Tag>, flight: Flight<Tag>): void
  /** The message is lent for the call. */
  received(session: AnySession<Tag>, message: InboundMessage): void
  subscribed(session: AnySession<Tag>, reasonCodes: readonly number[]): void
  /** A publish was refused because of the window or the socket, and there is room again. */
  writable(session: AnySession<Tag>): void
}

/** What all sessions of a shard share. */
export interface SessionHost<Tag> {
  readonly hooks: SessionHooks<Tag>
  readonly slab: Slab
  readonly flushQueue: FlushQueue
}
