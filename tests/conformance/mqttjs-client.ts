import { connect, type IClientOptions, type MqttClient } from 'mqtt'
import type { QoS } from '../../simulators/profile/profile.ts'
import { SETTINGS } from '../support/session-rig.ts'
import {
  type Client,
  type ClientMaker,
  type ClientSettings,
  type Message,
  type Target,
  Waiting,
} from './client.ts'

function optionsOf(settings: ClientSettings, target: Target): IClientOptions {
  const all = { ...SETTINGS, cleanStart: true, ...settings }
  const { will } = all
  return {
    manualConnect: true,
    reconnectPeriod: 0,
    resubscribe: false,
    clientId: all.clientId,
    protocolVersion: all.protocol,
    clean: all.cleanStart,
    keepalive: all.keepAliveS,
    ...(all.username === undefined ? {} : { username: all.username }),
    ...(all.password === undefined ? {} : { password: all.password }),
    ...(will
      ? {
          will: { topic: will.topic, payload: Buffer.from(will.payload), qos: will.qos, retain: will.retain },
        }
      : {}),
    ...(all.protocol === 5 ? { properties: { sessionExpiryInterval: all.sessionExpiryS } } : {}),
    ...(all.topicAliases > 0 ? { autoAssignTopicAlias: true } : {}),
    ...(target.ca ? { ca: target.ca } : {}),
    ...(target.cert ? { cert: target.cert } : {}),
    ...(target.key ? { key: target.key } : {}),
  }
}

/** MQTT.js behind the interface of the suite: the oracle. */
class MqttJsClient implements Client {
  readonly received: Message[] = []
  readonly #client: MqttClient
  readonly #settings: ClientSettings
  readonly #waiting = new Waiting()
  #isSubscribed = false
  #isClosed = false
  #reasonCode: number | undefined

  constructor(settings: ClientSettings, target: Target) {
    this.#settings = settings
    const path = target.scheme.startsWith('ws') ? '/mqtt' : ''
    this.#client = connect(`${target.scheme}://127.0.0.1:${target.port}${path}`, optionsOf(settings, target))
    this.#client.on('message', (topic, payload, { qos, retain }) => {
      this.received.push({ topic, text: payload.toString(), qos, retain })
      this.#waiting.changed()
    })
    this.#client.on('disconnect', (packet) => {
      this.#reasonCode = packet.reasonCode
    })
    this.#client.on('error', () => {})
    this.#client.on('close', () => {
      this.#isClosed = true
      this.#waiting.changed()
    })
  }

  connect(): Promise<boolean> {
    const client = this.#client
    this.#isClosed = false
    return new Promise((resolve, reject) => {
      let why = new Error('closed')
      client.once('error', (error) => {
        why = error
      })
      client.once('close', () => reject(why))
      client.once('connect', ({ sessionPresent }) => {
        const subscriptions = sessionPresent ? [] : (this.#settings.subscriptions ?? [])
        const wanted = Object.fromEntries(subscriptions.map(({ topic, qos }) => [topic, { qos }]))
        if (subscriptions.length > 0) {
          client.subscribe(wanted, () => {
            this.#isSubscribed = true
            this.#waiting.changed()
          })
        }
        resolve(sessionPresent)
      })
      if (client.disconnected || client.disconnecting) client.reconnect()
      else client.connect()
    })
  }

  publish(topic: string, text: string, qos: QoS, retain = false): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#client.publish(topic, text, { qos, retain }, (error, packet) => {
        const code = packet && 'reasonCode' in packet ? packet.reasonCode : 0
        if (error) reject(error)
        else resolve(code ?? 0)
      })
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
    await this.#waiting.until(() => this.#isClosed)
    return this.#reasonCode
  }

  drop(): void {
    this.#client.stream.destroy()
  }

  async disconnect(): Promise<void> {
    await this.#client.endAsync()
  }
}

export const MQTT_JS: ClientMaker = {
  name: 'MQTT.js',
  make: (settings, target) => new MqttJsClient(settings, target),
}
