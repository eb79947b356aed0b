import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'

/** Servers that are no MQTT broker, or a broken one. */
export type BadBrokerKind = keyof typeof KINDS

export interface BadBroker {
  port: number
  stop(): Promise<void>
}

/** What each does with the first bytes of a client. */
const KINDS = {
  'speaks HTTP': (socket: Socket) => socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n'),
  'answers garbage': (socket: Socket) => socket.write(Buffer.from('deadbeefcafebabe0011', 'hex')),
  closes: (socket: Socket) => socket.destroy(),
  resets: (socket: Socket) => socket.resetAndDestroy(),
  // The first two bytes of a CONNACK of four or five.
  'closes in mid-handshake': (socket: Socket) => socket.end(Buffer.of(0x20, 0x03)),
  'never answers': () => undefined,
} as const

export const BAD_BROKERS = Object.keys(KINDS) as BadBrokerKind[]

/** Starts one on a free loopback port. */
export async function startBadBroker(kind: BadBrokerKind): Promise<BadBroker> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.once('close', () => sockets.delete(socket))
    socket.once('data', () => KINDS[kind](socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    stop: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
