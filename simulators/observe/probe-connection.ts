import { reasonText } from '../device/reason-codes.ts'
import type { QoS } from '../profile/profile.ts'
import {
  type Connack,
  connected,
  dial,
  hangUp,
  type MqttClient,
  type Packet,
  type Publish,
  subscribe,
} from './mqtt-dial.ts'
import type { ProbeEndpoint } from './probe-endpoint.ts'

/** A time without sight, on the machine's monotonic clock. */
export interface Blindness {
  fromMs: number
  toMs: number
  why: string
}

const ignore = () => undefined

/** One connection of the probe: subscribes, comes back by itself, and remembers when it could not see. */
export class ProbeConnection {
  grantedQos: QoS = 2
  reconnects = 0
  blindSinceMs: number | null = null
  readonly blind: Blindness[] = []
  readonly #endpoint: ProbeEndpoint
  readonly #number: number
  readonly #topics: string[]
  readonly #nowMs: () => number
  readonly #onMessage: (packet: Publish, nowMs: number) => void
  /** Packet ids of QoS 2 messages that were seen and not yet released: a repetition of one is no second message. */
  readonly #unreleased = new Set<number>()
  #client: MqttClient | undefined
  #lastPacketMs = 0
  /** What went wrong last; frozen into `#why` when it costs the sight. */
  #trouble = ''
  #why = ''
  #ended = false

  constructor(
    endpoint: ProbeEndpoint,
    number: number,
    topics: string[],
    nowMs: () => number,
    onMessage: (packet: Publish, nowMs: number) => void,
  ) {
    this.#endpoint = endpoint
    this.#number = number
    this.#topics = topics
    this.#nowMs = nowMs
    this.#onMessage = onMessage
  }

  /** Connects and subscribes, or says within ten seconds for each of the two why not. */
  async open(): Promise<void> {
    const { protocol, qos, clientIdIsGiven } = this.#endpoint
    if (protocol === 4 && qos > 0 && clientIdIsGiven) await this.#discardSession()
    // MQTT 3.1.1 cannot start clean and keep its session; with a client id of this run there is none to begin with.
    if (this.#ended) return
    const client = this.#dial({ clean: protocol === 5 || qos === 0, reconnect: true })
    this.#client = client
    client.on('packetreceive', (packet) => this.#receive(packet))
    try {
      await connected(client, this.#endpoint)
      if (qos > 0) client.options.clean = false
      await this.#subscribe(client)
    } catch (error) {
      this.#ended = true
      client.end(true)
      throw error
    }
    client.on('close', () => this.#lostSight())
    client.on('connect', (connack) => this.#cameBack(client, connack))
  }

  /** Says goodbye and takes the session along. */
  async close(): Promise<void> {
    if (this.#ended) return
    this.#ended = true
    const client = this.#client
    if (!client) return
    const { protocol, qos } = this.#endpoint
    const wasConnected = client.connected
    await hangUp(client)
    if (protocol === 4 && qos > 0 && wasConnected) await this.#discardSession().catch(ignore)
  }

  #dial(how: { clean: boolean; reconnect: boolean }): MqttClient {
    const client = dial(this.#endpoint, this.#endpoint.clientId(this.#number), how)
    // A failure after the connection stood shows as its close; an 'error' nobody hears would end the process.
    client.on('error', (error) => {
      this.#trouble = error.message
    })
    return client
  }

  /** Every packet. The one listener on the path of each message. */
  #receive(packet: Packet): void {
    // Nothing can be read of the probe any more once it says goodbye.
    if (this.#ended) return
    this.#lastPacketMs = this.#nowMs()
    if (packet.cmd === 'publish') {
      if (packet.qos === 2 && packet.messageId !== undefined) {
        // Judged where it arrives first: MQTT.js would hand it on at PUBREL, a round trip later.
        if (this.#unreleased.has(packet.messageId)) return
        this.#unreleased.add(packet.messageId)
      }
      this.#onMessage(packet, this.#lastPacketMs)
    } else if (packet.cmd === 'pubrel') {
      if (packet.messageId !== undefined) this.#unreleased.delete(packet.messageId)
    } else if (packet.cmd === 'disconnect') {
      this.#trouble = `the broker disconnected: ${reasonText('disconnect', packet.reasonCode ?? 0)}`
    }
  }

  async #subscribe(client: MqttClient): Promise<void> {
    const granted = await subscribe(client, this.#topics, this.#endpoint.qos)
    if (granted < this.grantedQos) this.grantedQos = granted
  }

  #lostSight(): void {
    if (this.#ended || this.blindSinceMs !== null) return
    // A dead line is noticed late: what counts is when something last came through.
    const deadLine = /keepalive/i.test(this.#trouble)
    this.blindSinceMs = deadLine ? this.#lastPacketMs : this.#nowMs()
    this.#why = `connection ${this.#number} lost${this.#trouble ? ` (${this.#trouble})` : ''}`
    this.#trouble = ''
  }

  #cameBack(client: MqttClient, { sessionPresent }: Connack): void {
    this.reconnects += 1
    if (sessionPresent && this.#endpoint.qos > 0) {
      this.#sees('session resumed: the broker kept messages of QoS 1 and 2')
      return
    }
    this.#unreleased.clear()
    this.#subscribe(client).then(
      () => this.#sees('session lost: subscribed anew'),
      (error: unknown) => {
        this.#trouble = error instanceof Error ? error.message : String(error)
        // Tries again through the next connection.
        if (!this.#ended) client.stream.destroy()
      },
    )
  }

  #sees(how: string): void {
    if (this.blindSinceMs === null) return
    this.blind.push({ fromMs: this.blindSinceMs, toMs: this.#nowMs(), why: `${this.#why}; ${how}` })
    this.blindSinceMs = null
    this.#trouble = ''
  }

  /** Why it cannot see now. */
  get trouble(): string {
    return this.#trouble === '' ? this.#why : `${this.#why}; ${this.#trouble}`
  }

  /** MQTT 3.1.1 ends a session by starting a clean one. */
  async #discardSession(): Promise<void> {
    const client = this.#dial({ clean: true, reconnect: false })
    try {
      await connected(client, this.#endpoint)
    } finally {
      await hangUp(client)
    }
  }
}
