import { createClientContext } from '../../simulators/device/certificates.ts'
import { encodeTopic } from '../../simulators/device/encode.ts'
import { FlushQueue } from '../../simulators/device/flush-queue.ts'
import type { InboundMessage } from '../../simulators/device/inbound-message.ts'
import type { Closure, OpenTransport, PublishRequest } from '../../simulators/device/ports.ts'
import { Session } from '../../simulators/device/session.ts'
import type {
  ConnectedInfo,
  SessionHooks,
  SessionSettings,
} from '../../simulators/device/session-settings.ts'
import { Slab } from '../../simulators/device/slab.ts'
import { tcpTransport } from '../../simulators/device/transport/tcp.ts'
import { tlsTransport } from '../../simulators/device/transport/tls.ts'
import { wsTransport } from '../../simulators/device/transport/ws.ts'
import type { QoS } from '../../simulators/profile/profile.ts'
import { SETTINGS, TextBody } from '../support/session-rig.ts'
import { type Client, type ClientMaker, type Message, type Target, Waiting } from './client.ts'

interface Tag {
  resolve(reasonCode: number): void
  reject(error: Error): void
}

export function opener(target: Target): OpenTransport {
  const host = '127.0.0.1'
  const { port, scheme } = target
  const tls = {
    secureContext: createClientContext(
      target.ca,
      target.cert && target.key ? { certificate: target.cert, key: target.key } : undefined,
    ),
    verify: true,
  }
  switch (scheme) {
    case 'mqtt':
      return tcpTransport({ host, port })
    case 'mqtts':
      return tlsTransport({ host, port, ...tls })
    case 'ws':
      return wsTransport({ host, port, path: '/mqtt' })
    case 'wss':
      return wsTransport({ host, port, path: '/mqtt', tls })
  }
}

/** Our session behind the interface of the suite. */
export class OurClient implements Client {
  readonly received: Message[] = []
  readonly session: Session<Tag>
  highestInFlight = 0
  readonly #open: OpenTransport
  readonly #waiting = new Waiting()
  readonly #topics = new Map<string, Buffer>()
  readonly #queue: PublishRequest<Tag>[] = []
  #connecting: { resolve(present: boolean): void; reject(error: Error): void } | undefined
  #closure: Closure | undefined
  #isSubscribed = false

  constructor(settings: SessionSettings, open: OpenTransport) {
    this.#open = open
    const hooks: SessionHooks<Tag> = {
      connected: (_session, info) => this.#connected(info),
      closed: (_session, closure) => this.#closed(closure),
      acknowledged: (_session, flight, reasonCode) => flight.tag.resolve(reasonCode),
      abandoned: (_session, flight) => flight.tag.reject(new Error('session lost')),
      received: (_session, message) => this.#received(message),
      subscribed: () => {
        this.#isSubscribed = true
        this.#waiting.changed()
      },
      writable: () => this.#pump(),
    }
    this.session = new Session(settings, { hooks, slab: new Slab(), flushQueue: new FlushQueue() })
  }

  get closure(): Closure | undefined {
    return this.#closure
  }

  connect(): Promise<boolean> {
    this.#closure = undefined
    return new Promise((resolve, reject) => {
      this.#connecting = { resolve, reject }
      this.session.connect(this.#open, 0)
    })
  }

  publish(topic: string, text: string, qos: QoS, retain = false): Promise<number> {
    const encoded = this.#topics.get(topic) ?? encodeTopic(topic)
    this.#topics.set(topic, encoded)
    const moment = { seq: 0, intendedUs: 0, sentLagUs: 0 }
    const body = new TextBody(text, this.session.settings.protocol)
    return new Promise((resolve, reject) => {
      this.#queue.push({ topic: encoded, qos, retain, body, moment, tag: { resolve, reject } })
      this.#pump()
    })
  }

  async receive(count: number): Promise<readonly Message[]> {
    await this.#waiting.until(() => this.received.length >= count)
    return this.received
  }

  subscribed(): Promise<void> {
    return this.#waiting.until(() => this.#isSubscribed)
  }

  async closed(): Promise<number | undefined> {
    await this.#waiting.until(() => this.#closure !== undefined)
    return this.#closure?.reasonCode
  }

  drop(): void {
    this.session.drop()
  }

  async disconnect(): Promise<void> {
    this.session.disconnect()
    await this.closed()
  }

  #connected(info: ConnectedInfo): void {
    this.#connecting?.resolve(info.sessionPresent)
    this.#pump()
  }

  #closed(closure: Closure): void {
    this.#closure = closure
    this.#connecting?.reject(new Error(closure.text))
    this.#waiting.changed()
  }

  #received(message: InboundMessage): void {
    const { qos, retain } = message
    this.received.push({ topic: message.topic(), text: message.payload().toString(), qos, retain })
    this.#waiting.changed()
  }

  #pump(): void {
    for (let next = this.#queue[0]; next; next = this.#queue[0]) {
      const outcome = this.session.publish(next, 0)
      if (outcome === 'window' || outcome === 'congested' || outcome === 'not-connected') return
      this.#queue.shift()
      this.highestInFlight = Math.max(this.highestInFlight, this.session.inFlight)
      if (outcome !== 'sent') next.tag.reject(new Error(outcome))
      else if (next.qos === 0) next.tag.resolve(0)
    }
  }
}

export const OURS: ClientMaker = {
  name: 'our session',
  make: (settings, target) => new OurClient({ ...SETTINGS, cleanStart: true, ...settings }, opener(target)),
}
