import mqttPacket, { type IConnackPacket, type Packet } from 'mqtt-packet'
import type { OpenTransport, Transport, TransportEvents } from '../../simulators/device/ports.ts'

/** A broker in memory that does what a test tells it, byte by byte and at once. */
export class ScriptedBroker {
  readonly #version: 4 | 5
  /** What the client has sent on all connections, parsed. */
  readonly packets: Packet[] = []
  /** Writes on the present connection. */
  writes = 0
  connections = 0
  /** Answers the next writes with "full". */
  isFull = false
  isEnded = false
  isDestroyed = false
  wasReset = false
  #events: TransportEvents | undefined

  constructor(version: 4 | 5) {
    this.#version = version
  }

  readonly open: OpenTransport = (events) => {
    this.#events = events
    this.connections += 1
    this.writes = 0
    this.isEnded = false
    this.isDestroyed = false
    const parser = mqttPacket.parser({ protocolVersion: this.#version })
    parser.on('packet', (packet) => this.packets.push(packet))
    parser.on('error', (error) => {
      throw error
    })
    const transport: Transport = {
      write: (bytes) => {
        this.writes += 1
        // Copied: the parser keeps views, and the sender may set the DUP flag in place.
        parser.parse(Buffer.from(bytes))
        return !this.isFull
      },
      end: () => {
        this.isEnded = true
      },
      destroy: (reset = false) => {
        this.isDestroyed = true
        this.wasReset = reset
      },
    }
    return transport
  }

  opened(): void {
    this.#events?.opened()
  }

  send(...packets: Packet[]): void {
    for (const packet of packets)
      this.sendBytes(mqttPacket.generate(packet, { protocolVersion: this.#version }))
  }

  sendBytes(bytes: Buffer): void {
    this.#events?.received(bytes)
  }

  accept(connack: Partial<IConnackPacket> = {}): void {
    const code = this.#version === 5 ? { reasonCode: 0 } : { returnCode: 0 }
    this.send({ cmd: 'connack', sessionPresent: false, ...code, ...connack })
  }

  drained(): void {
    this.isFull = false
    this.#events?.drained()
  }

  end(error?: NodeJS.ErrnoException): void {
    this.#events?.ended(error)
  }

  /** What came since the last call, with only what tests compare. */
  take(): string[] {
    return this.packets.splice(0).map(describe)
  }
}

function describe(packet: Packet): string {
  switch (packet.cmd) {
    case 'publish': {
      const id = packet.messageId === undefined ? '' : ` #${packet.messageId}`
      const flags = `${packet.dup ? ' dup' : ''}${packet.retain ? ' retain' : ''}`
      const alias =
        packet.properties?.topicAlias === undefined ? '' : ` alias ${packet.properties.topicAlias}`
      return `publish${id} q${packet.qos}${flags} ${packet.topic}${alias} ${packet.payload}`
    }
    case 'puback':
    case 'pubrec':
    case 'pubrel':
    case 'pubcomp':
      return `${packet.cmd} #${packet.messageId}${packet.reasonCode ? ` 0x${packet.reasonCode.toString(16)}` : ''}`
    case 'disconnect':
      return `disconnect${packet.reasonCode ? ` 0x${packet.reasonCode.toString(16)}` : ''}`
    case 'subscribe':
      return `subscribe #${packet.messageId} ${packet.subscriptions.map(({ topic, qos }) => `${topic} q${qos}`).join(', ')}`
    default:
      return packet.cmd
  }
}
