import mqtt, { type IPublishPacket, type Packet } from 'mqtt-packet'
import type { OpenTransport, Transport, TransportEvents } from '../../simulators/device/ports.ts'

/** What the broker does with the next things that reach it. */
export interface Behaviour {
  /** Takes connections; otherwise they end as refused by the system. */
  accepts: boolean
  acknowledges: boolean
}

interface Connection {
  transport: Transport
  events: TransportEvents
  isOpen: boolean
}

/**
 * A broker at the other end of a transport in memory: no socket and no time of its own, so that tests can drive a shard with
 * a virtual clock. Everything it is handed is handled when `settle` is called.
 */
export class MemoryBroker {
  readonly behaviour: Behaviour = { accepts: true, acknowledges: true }
  readonly received: IPublishPacket[] = []
  readonly #connections = new Set<Connection>()
  #pending: (() => void)[] = []

  get connected(): number {
    return this.#connections.size
  }

  readonly open: OpenTransport = (events) => {
    const connection: Connection = {
      isOpen: true,
      events,
      transport: {
        write: (bytes) => {
          const copy = Buffer.from(bytes)
          this.#later(connection, () => parser.parse(copy))
          return true
        },
        end: () => this.#later(connection, () => this.#close(connection)),
        destroy: () => this.#close(connection),
      },
    }
    const parser = mqtt.parser({ protocolVersion: 4 })
    parser.on('packet', (packet) => this.#answer(connection, packet))
    if (this.behaviour.accepts) {
      this.#connections.add(connection)
      this.#later(connection, () => events.opened())
    } else {
      this.#later(connection, () =>
        this.#close(connection, Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })),
      )
    }
    return connection.transport
  }

  /** Breaks every connection, as a crash would. */
  crash(): void {
    for (const connection of [...this.#connections]) this.#close(connection)
  }

  /** Handles everything that is under way, and what follows from it. */
  settle(): void {
    while (this.#pending.length > 0) {
      const pending = this.#pending
      this.#pending = []
      for (const act of pending) act()
    }
  }

  #later(connection: Connection, act: () => void): void {
    this.#pending.push(() => {
      if (connection.isOpen) act()
    })
  }

  #close(connection: Connection, error?: NodeJS.ErrnoException): void {
    if (!connection.isOpen) return
    connection.isOpen = false
    this.#connections.delete(connection)
    connection.events.ended(error)
  }

  #answer(connection: Connection, packet: Packet): void {
    if (packet.cmd === 'connect')
      this.#send(connection, { cmd: 'connack', returnCode: 0, sessionPresent: false })
    if (packet.cmd === 'pingreq') this.#send(connection, { cmd: 'pingresp' })
    if (packet.cmd === 'disconnect') this.#close(connection)
    if (packet.cmd === 'publish') {
      this.received.push(packet)
      if (packet.qos === 1 && this.behaviour.acknowledges)
        this.#send(connection, { cmd: 'puback', messageId: packet.messageId ?? 0 })
      if (packet.qos === 2 && this.behaviour.acknowledges)
        this.#send(connection, { cmd: 'pubrec', messageId: packet.messageId ?? 0 })
    }
    if (packet.cmd === 'pubrel') this.#send(connection, { cmd: 'pubcomp', messageId: packet.messageId ?? 0 })
  }

  #send(connection: Connection, packet: Packet): void {
    const bytes = mqtt.generate(packet)
    this.#later(connection, () => connection.events.received(bytes))
  }
}
