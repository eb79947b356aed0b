import { encodeTopic } from '../../simulators/device/encode.ts'
import { FlushQueue } from '../../simulators/device/flush-queue.ts'
import type { InboundMessage } from '../../simulators/device/inbound-message.ts'
import type { Closure, Flight, PublishBody, PublishRequest } from '../../simulators/device/ports.ts'
import { Session } from '../../simulators/device/session.ts'
import type {
  ConnectedInfo,
  SessionHooks,
  SessionHost,
  SessionSettings,
} from '../../simulators/device/session-settings.ts'
import { Slab } from '../../simulators/device/slab.ts'
import type { QoS } from '../../simulators/profile/profile.ts'
import { ScriptedBroker } from './scripted-broker.ts'

/** A body that writes a text; with MQTT 5 its property section holds the alias alone. */
export class TextBody implements PublishBody {
  readonly maxBytes: number
  readonly #text: string
  readonly #version: 4 | 5
  rendered = 0
  skipped = 0

  constructor(text: string, version: 4 | 5, spareBytes = 0) {
    this.#text = text
    this.#version = version
    this.maxBytes = 4 + Buffer.byteLength(text) + spareBytes
  }

  write(out: Buffer, at: number, _moment: unknown, topicAlias: number): number {
    this.rendered += 1
    let offset = at
    if (this.#version === 5) {
      out[offset++] = topicAlias > 0 ? 3 : 0
      if (topicAlias > 0) {
        out[offset++] = 0x23
        offset = out.writeUInt16BE(topicAlias, offset)
      }
    }
    return offset + out.write(this.#text, offset)
  }

  skip(): void {
    this.skipped += 1
  }
}

export const SETTINGS: SessionSettings = {
  clientId: 'device-1',
  protocol: 5,
  keepAliveS: 60,
  cleanStart: false,
  sessionExpiryS: 3_600,
  inFlight: 20,
  topicAliases: 0,
  subscriptions: [],
  connectTimeoutMs: 10_000,
}

/** A session with a scripted broker at the other end, and all its hooks told in words. */
export class SessionRig implements SessionHooks<string> {
  readonly broker: ScriptedBroker
  readonly host: SessionHost<string>
  readonly session: Session<string>
  readonly told: string[] = []
  /** Called by the hook `writable`. */
  whenWritable: () => void = () => {}
  readonly #topics = new Map<string, Buffer>()

  constructor(settings: Partial<SessionSettings> = {}) {
    const all = { ...SETTINGS, ...settings }
    this.broker = new ScriptedBroker(all.protocol)
    this.host = { hooks: this, slab: new Slab(), flushQueue: new FlushQueue() }
    this.session = new Session(all, this.host)
  }

  /** Connects and is accepted; forgets what that took. */
  connect(connack: Parameters<ScriptedBroker['accept']>[0] = {}, nowMs = 0): this {
    this.session.connect(this.broker.open, nowMs)
    this.broker.opened()
    this.flush()
    this.broker.accept(connack)
    this.flush()
    return this
  }

  flush(): void {
    this.host.flushQueue.flushNow()
  }

  request(text: string, qos: QoS, topic = 't', retain = false): PublishRequest<string> & { body: TextBody } {
    const encoded = this.#topics.get(topic) ?? encodeTopic(topic)
    this.#topics.set(topic, encoded)
    const body = new TextBody(text, this.session.settings.protocol)
    const moment = { seq: 0, intendedUs: 0, sentLagUs: 0 }
    return { topic: encoded, qos, retain, body, moment, tag: text }
  }

  publish(text: string, qos: QoS, topic?: string, nowMs = 0): string {
    return this.session.publish(this.request(text, qos, topic), nowMs)
  }

  /** What the broker has received since the last call. */
  sent(): string[] {
    this.flush()
    return this.broker.take()
  }

  /** What the hooks were told since the last call. */
  take(): string[] {
    return this.told.splice(0)
  }

  connected(_session: Session<string>, info: ConnectedInfo): void {
    this.told.push(`connected${info.sessionPresent ? ' again' : ''}`)
  }
  closed(_session: Session<string>, closure: Closure): void {
    this.told.push(`closed ${closure.kind}: ${closure.text}`)
  }
  acknowledged(_session: Session<string>, flight: Flight<string>, reasonCode: number): void {
    this.told.push(`acknowledged ${flight.tag} ${reasonCode}`)
  }
  abandoned(_session: Session<string>, flight: Flight<string>): void {
    this.told.push(`abandoned ${flight.tag}`)
  }
  received(_session: Session<string>, message: InboundMessage): void {
    this.told.push(`received ${message.topic()} q${message.qos} ${message.payload().toString()}`)
  }
  subscribed(_session: Session<string>, reasonCodes: readonly number[]): void {
    this.told.push(`subscribed ${reasonCodes.join(',')}`)
  }
  writable(): void {
    this.told.push('writable')
    this.whenWritable()
  }
}
