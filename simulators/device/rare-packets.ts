import mqttPacket, {
  type IAuthPacket,
  type IConnackPacket,
  type IDisconnectPacket,
  type ISubackPacket,
  type IUnsubackPacket,
} from 'mqtt-packet'

export type RarePacket = IConnackPacket | ISubackPacket | IUnsubackPacket | IDisconnectPacket | IAuthPacket

/** Reads one whole packet that is not part of the flow of messages; what is wrong with it when it cannot be read. */
export function parseRarePacket(bytes: Buffer, version: 4 | 5): RarePacket | string {
  let result: RarePacket | string = 'a packet that ends too early'
  // A parser keeps what it could not use, so each packet gets its own: these are rare.
  const parser = mqttPacket.parser({ protocolVersion: version })
  parser.on('packet', (packet) => {
    switch (packet.cmd) {
      case 'connack':
      case 'suback':
      case 'unsuback':
      case 'disconnect':
      case 'auth':
        result = packet
        break
      default:
        result = `${packet.cmd.toUpperCase()}, which no broker sends`
    }
  })
  parser.on('error', (error: unknown) => {
    result = error instanceof Error ? error.message : String(error)
  })
  try {
    // Copied, because the packet may keep views of it and the bytes are only lent.
    parser.parse(Buffer.from(bytes))
  } catch (error) {
    result = error instanceof Error ? error.message : String(error)
  }
  return result
}
