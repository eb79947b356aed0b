import type { QoS } from '../profile/profile.ts'
import { Connection, type ConnectionOwner } from './connection.ts'
import type { Closure, Flight, OpenTransport, PublishRequest } from './ports.ts'
import type { PublishOutcome, SessionHost, SessionSettings } from './session-settings.ts'
import { SessionState } from './session-state.ts'

/**
 * One MQTT client, 3.1.1 or 5, made to exist many thousand times: no timer, no closure and no queue of its own.
 * It outlives its connections: what is in flight is sent again when the broker still knows the session.
 */
export class Session<Tag> implements ConnectionOwner<Tag> {
  readonly settings: SessionSettings
  readonly #host: SessionHost<Tag>
  readonly #state = new SessionState<Tag>()
  #connection: Connection<Tag> | undefined

  constructor(settings: SessionSettings, host: SessionHost<Tag>) {
    this.settings = settings
    this.#host = host
  }

  /** CONNACK has come and the connection stands. */
  get isConnected(): boolean {
    return this.#connection?.isConnected ?? false
  }

  /** Messages sent and not yet acknowledged for good. */
  get inFlight(): number {
    return this.#state.size
  }

  /** What is in flight, oldest first. */
  flights(): Iterable<Flight<Tag>> {
    return this.#state.flights()
  }

  /** Begins a connection; ends in the hook `closed`, exactly once, whatever happens. */
  connect(open: OpenTransport, nowMs: number): void {
    if (this.#connection) throw new Error(`${this.settings.clientId} is already connected or connecting`)
    this.#connection = new Connection<Tag>(this, this.#host, this.#state, nowMs)
    this.#connection.open(open)
  }

  canPublish(qos: QoS): boolean {
    return this.#connection?.canPublish(qos) ?? false
  }

  publish(request: PublishRequest<Tag>, nowMs: number): PublishOutcome {
    return this.#connection ? this.#connection.publish(request, nowMs) : 'not-connected'
  }

  /** Keep-alive, timeouts. To be called every 50 to 1,000 ms. */
  tick(nowMs: number): void {
    this.#connection?.tick(nowMs)
  }

  /** Says goodbye (no will is published) and closes; `closed` follows when the transport has ended. */
  disconnect(): void {
    this.#connection?.disconnect()
  }

  /** Breaks the connection without DISCONNECT, as a crash or a lost link would; `closed` is called before this returns. */
  drop(reset = false): void {
    this.#connection?.drop(reset)
  }

  /** For the connection alone: it is over. */
  connectionClosed(closure: Closure): void {
    this.#connection = undefined
    this.#host.hooks.closed(this, closure)
  }
}
