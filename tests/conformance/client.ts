import type { SessionSettings } from '../../simulators/device/session-settings.ts'
import type { QoS } from '../../simulators/profile/profile.ts'

/** Where a client connects to; PEM texts make it TLS. */
export interface Target {
  scheme: 'mqtt' | 'mqtts' | 'ws' | 'wss'
  port: number
  ca?: string
  cert?: string
  key?: string
}

export interface Message {
  topic: string
  text: string
  qos: QoS
  retain: boolean
}

/** What the conformance suite asks of an MQTT client, ours or MQTT.js. */
export interface Client {
  /** Connects, again if need be; resolves at CONNACK with "session present", rejects with the reason in words. */
  connect(): Promise<boolean>
  /** Resolves with the final reason code (QoS 0: 0 when handed over); rejects when the message is given up. */
  publish(topic: string, text: string, qos: QoS, retain?: boolean): Promise<number>
  /** Every message received, in order. */
  readonly received: readonly Message[]
  /** Resolves once so many messages have been received. */
  receive(count: number): Promise<readonly Message[]>
  /** Resolves when SUBACK has come. */
  subscribed(): Promise<void>
  /** Resolves when the connection has ended, with the MQTT reason code, if one was given. */
  closed(): Promise<number | undefined>
  /** Breaks the connection without goodbye. */
  drop(): void
  /** Says goodbye; resolves when the connection has ended. */
  disconnect(): Promise<void>
}

export type ClientSettings = Pick<SessionSettings, 'clientId' | 'protocol'> & Partial<SessionSettings>

export interface ClientMaker {
  name: string
  make(settings: ClientSettings, target: Target): Client
}

/** Resolves those who wait once their condition holds. */
export class Waiting {
  #waiting: { holds: () => boolean; resolve: () => void }[] = []

  until(holds: () => boolean): Promise<void> {
    if (holds()) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push({ holds, resolve }))
  }

  changed(): void {
    const ready = this.#waiting.filter(({ holds }) => holds())
    this.#waiting = this.#waiting.filter((entry) => !ready.includes(entry))
    for (const { resolve } of ready) resolve()
  }
}
