import { connect as connectSocket, type Socket } from 'node:net'
import { connect, connectAsync, type IClientOptions, type MqttClient } from 'mqtt'
import { generate, type Packet } from 'mqtt-packet'
import { afterEach, beforeEach, expect } from 'vitest'
import { type EmbeddedBroker, startEmbeddedBroker } from '../../simulators/broker/embedded-broker.ts'

/** A fresh embedded broker for each test, with clients proper and improper. Call it once per file. */
export function embeddedRig() {
  let broker: EmbeddedBroker
  let failures: Error[]
  const clients: MqttClient[] = []
  const sockets: Socket[] = []

  beforeEach(async () => {
    failures = []
    broker = await startEmbeddedBroker('127.0.0.1', (error) => failures.push(error))
  })

  afterEach(async () => {
    for (const client of clients.splice(0)) client.end(true)
    for (const socket of sockets.splice(0)) socket.destroy()
    await broker.stop()
    expect(failures).toEqual([])
  })

  return {
    async client(options: IClientOptions = {}): Promise<MqttClient> {
      const made = await connectAsync(`mqtt://127.0.0.1:${broker.port}`, { reconnectPeriod: 0, ...options })
      clients.push(made)
      return made
    },

    /** A client whose messages are collected from the first on: a session may hold some ready. */
    async resume(options: IClientOptions, count: number) {
      const again = connect(`mqtt://127.0.0.1:${broker.port}`, { ...options, reconnectPeriod: 0 })
      clients.push(again)
      const seen = messages(again, count)
      const present = await new Promise<boolean>((resolve) =>
        again.once('connect', ({ sessionPresent }) => resolve(sessionPresent)),
      )
      return { present, seen }
    },

    socket(): Socket {
      const socket = connectSocket(broker.port, '127.0.0.1')
      sockets.push(socket)
      return socket.on('error', () => undefined)
    },

    /** A raw connection, for what a proper client would not do. Resolves once CONNACK is there. */
    async rawSession(clientId: string, clean = true): Promise<Socket> {
      const socket = this.socket()
      const answered = new Promise((resolve) => socket.once('data', resolve))
      const version = { protocolId: 'MQTT', protocolVersion: 4 } as const
      socket.write(generate({ cmd: 'connect', ...version, clean, clientId, keepalive: 0 }))
      await answered
      return socket
    },
  }
}

/** Waits until `count` messages have come and returns them as "topic:payload:qos". */
export function messages(from: MqttClient, count: number): Promise<string[]> {
  return new Promise((resolve) => {
    const seen: string[] = []
    from.on('message', (topic, payload, { qos }) => {
      seen.push(`${topic}:${payload}:${qos}`)
      if (seen.length === count) resolve(seen)
    })
  })
}

/** The bytes of a PUBLISH. */
export function publish(topic: string, payload: string, more: Partial<Packet> = {}): Buffer {
  // `more` holds fields of a PUBLISH only, which Partial<Packet> cannot say.
  return generate({ cmd: 'publish', topic, payload, qos: 0, dup: false, retain: false, ...more } as Packet)
}
