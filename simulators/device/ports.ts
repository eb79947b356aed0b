import type { QoS } from '../profile/profile.ts'

/** When a message came into being, as the payload and its marker need it. */
export interface Moment {
  seq: number
  /** Intended time, microseconds since the start of the run. */
  intendedUs: number
  /** sent - intended, microseconds. */
  sentLagUs: number
}

/**
 * Renders what follows the packet id of a PUBLISH: with MQTT 5 the property section, then the payload with its marker.
 * Generators advance with each message, so every sequence number must be rendered or skipped, in order.
 */
export interface PublishBody {
  /** No rendering is longer than this, so that callers can reserve room. */
  readonly maxBytes: number
  /** Writes at `at` and returns the offset behind the last byte. `topicAlias` 0 means none. */
  write(out: Buffer, at: number, moment: Moment, topicAlias: number): number
  /** Advances the generators as `write` would, for a message that is never sent. */
  skip(moment: Moment): void
}

/** A QoS 1 or 2 message between hand-over and its final acknowledgement. `tag` is the caller's own. */
export interface Flight<Tag> {
  readonly tag: Tag
  readonly seq: number
  readonly intendedUs: number
  /** When it was first handed to the link, ms since the start of the run. */
  readonly sentMs: number
  readonly qos: 1 | 2
}

export interface PublishRequest<Tag> {
  /** UTF-8 of the topic with its two length bytes, encoded once per device. */
  topic: Buffer
  qos: QoS
  retain: boolean
  body: PublishBody
  moment: Moment
  tag: Tag
}

/** Why a connection, or an attempt at one, ended. */
export interface Closure {
  kind:
    | 'refused' // CONNACK with a failure code
    | 'unreachable' // no TCP connection: refused, no route, DNS, too many files or ports
    | 'timeout' // no CONNACK in time
    | 'tls' // handshake failed
    | 'not-mqtt' // bytes that are no MQTT, or an HTTP answer where a WebSocket was asked for
    | 'server-disconnect' // DISCONNECT from the broker
    | 'reset' // the connection broke: FIN or RST without DISCONNECT
    | 'keep-alive' // no PINGRESP in time
    | 'client' // we ended it
    | 'protocol-error' // the broker broke the protocol
  /** MQTT reason or return code, when there was one. */
  reasonCode?: number
  /** Code name or system error in words, with values: "not authorised (0x87)", "ECONNREFUSED 127.0.0.1:1883". */
  text: string
}

/** A byte pipe to the broker. Links put themselves between a session and this. */
export interface Transport {
  /** Takes ownership of the bytes. False: the pipe is full, wait for `drained`. */
  write(bytes: Buffer): boolean
  /** Sends what is queued, then closes (FIN). */
  end(): void
  /** Stops reading until `resume`: the far end is held back. */
  pause?(): void
  resume?(): void
  /** Closes at once; `reset` asks for RST where the platform has it. */
  destroy(reset?: boolean): void
}

/** What a transport tells its owner. `received` lends the bytes for the call only. */
export interface TransportEvents {
  opened(): void
  received(bytes: Buffer): void
  drained(): void
  /** Once, also when the transport never opened. */
  ended(error?: NodeJS.ErrnoException): void
}

/** Opens a transport; every failure comes through `events.ended`. */
export type OpenTransport = (events: TransportEvents) => Transport

/** Milliseconds since the start of the run, monotonic; negative before it. */
export type RunClock = () => number
