import { connect, type Socket } from 'node:net'
import { generate, type Packet, parser } from 'mqtt-packet'

type QoS = 0 | 1 | 2

/** A message to publish. */
export interface MarkedMessage {
  topic: string
  payload: Buffer
  qos: QoS
}

/**
 * One publishing client without any mercy: hundreds of messages per write, acknowledgements counted only.
 * For brokers that are asked to take a lot in a short time.
 */
export class MarkedPublisher {
  acked = 0
  /** Reason codes of acknowledgements, by number of times. */
  readonly reasons = new Map<number, number>()
  readonly #socket: Socket
  readonly #version: 4 | 5
  #nextId = 0

  private constructor(socket: Socket, version: 4 | 5) {
    this.#socket = socket
    this.#version = version
  }

  static async connect(port: number, clientId: string, version: 4 | 5 = 5): Promise<MarkedPublisher> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    const publisher = new MarkedPublisher(socket, version)
    const packets = parser({ protocolVersion: version })
    const connected = new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      packets.on('packet', (packet: Packet) => {
        if (packet.cmd === 'connack') resolve()
        else publisher.#receive(packet)
      })
    })
    socket.on('data', (bytes) => {
      packets.parse(bytes)
    })
    publisher.#write([
      { cmd: 'connect', protocolId: 'MQTT', protocolVersion: version, clean: true, clientId, keepalive: 0 },
    ])
    await connected
    return publisher
  }

  publish(messages: readonly MarkedMessage[]): void {
    this.#write(
      messages.map(({ topic, payload, qos }) => {
        if (qos > 0) this.#nextId = (this.#nextId % 65_535) + 1
        const messageId = qos > 0 ? { messageId: this.#nextId } : {}
        return { cmd: 'publish', topic, payload, qos, dup: false, retain: false, ...messageId }
      }),
    )
  }

  end(): void {
    this.#socket.destroy()
  }

  #receive(packet: Packet): void {
    if (packet.cmd !== 'puback' && packet.cmd !== 'pubrec' && packet.cmd !== 'pubcomp') return
    const reason = packet.reasonCode ?? 0
    if (packet.cmd !== 'pubcomp') this.reasons.set(reason, (this.reasons.get(reason) ?? 0) + 1)
    if (packet.cmd === 'pubrec' && reason < 0x80)
      this.#write([{ cmd: 'pubrel', messageId: packet.messageId ?? 0 }])
    else this.acked += 1
  }

  #write(packets: Packet[]): void {
    this.#socket.write(
      Buffer.concat(packets.map((packet) => generate(packet, { protocolVersion: this.#version }))),
    )
  }
}
