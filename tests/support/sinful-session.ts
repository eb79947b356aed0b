import type { Socket } from 'node:net'
import { generate, type Packet } from 'mqtt-packet'

type QoS = 0 | 1 | 2

/** A PUBLISH on its way to a subscriber. */
export interface Outgoing {
  topic: string
  payload: Buffer
  qos: QoS
  properties: Record<string, unknown> | undefined
}

interface Flight {
  message: Outgoing
  released: boolean
}

/** The far side of one client: its subscriptions, and what it has not acknowledged yet. Outlives the connection. */
export class SinfulSession {
  readonly clientId: string
  readonly filters = new Map<string, QoS>()
  /** Packet ids of QoS 2 messages from the client that wait for PUBREL. */
  readonly unreleased = new Set<number>()
  version: 4 | 5 = 4
  receiveMaximum = 65_535
  keepsAfterClose = false
  #socket: Socket | undefined
  #corked = false
  #nextId = 0
  readonly #flights = new Map<number, Flight>()
  readonly #queue: Outgoing[] = []

  constructor(clientId: string) {
    this.clientId = clientId
  }

  get socket(): Socket | undefined {
    return this.#socket
  }

  /** Goes on over a new connection; what was not acknowledged is sent again [MQTT-4.4.0-1]. */
  attach(socket: Socket): void {
    this.#socket = socket
    this.#corked = false
  }

  resume(): void {
    for (const [messageId, { message, released }] of this.#flights) {
      if (released) this.send({ cmd: 'pubrel', messageId })
      else this.#publish(message, messageId, true)
    }
    this.#pump()
  }

  detach(socket: Socket): void {
    if (this.#socket === socket) this.#socket = undefined
  }

  /** Hands a message over, or keeps it for later as the session allows. Says whether it will arrive. */
  deliver(message: Outgoing): boolean {
    if (message.qos === 0) {
      if (!this.#socket) return false
      this.#publish(message, 0, false)
      return true
    }
    if (!this.#socket && !this.keepsAfterClose) return false
    this.#queue.push(message)
    this.#pump()
    return true
  }

  /** Takes an acknowledgement of the client. */
  acknowledged(cmd: 'puback' | 'pubrec' | 'pubcomp', messageId: number): void {
    const flight = this.#flights.get(messageId)
    if (!flight) return
    if (cmd === 'pubrec') {
      flight.released = true
      this.send({ cmd: 'pubrel', messageId })
      return
    }
    this.#flights.delete(messageId)
    this.#pump()
  }

  /** Writes a packet; all writes of one turn of the event loop leave together. */
  send(packet: Packet): void {
    const socket = this.#socket
    if (!socket?.writable) return
    if (!this.#corked) {
      this.#corked = true
      socket.cork()
      setImmediate(() => {
        if (this.#socket === socket) this.#corked = false
        socket.uncork()
      })
    }
    socket.write(generate(packet, { protocolVersion: this.version }))
  }

  #pump(): void {
    while (this.#socket && this.#flights.size < this.receiveMaximum) {
      const message = this.#queue.shift()
      if (!message) return
      do this.#nextId = (this.#nextId % 65_535) + 1
      while (this.#flights.has(this.#nextId))
      this.#flights.set(this.#nextId, { message, released: false })
      this.#publish(message, this.#nextId, false)
    }
  }

  #publish({ topic, payload, qos, properties }: Outgoing, messageId: number, dup: boolean): void {
    this.send({
      ...{ cmd: 'publish', topic, payload, qos, dup, retain: false },
      ...(qos > 0 && { messageId }),
      ...(this.version === 5 && properties && { properties }),
    })
  }
}
