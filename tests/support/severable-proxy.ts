import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** A TCP relay that a test can make deaf, so that acknowledgements get lost between a real broker and a client. */
export interface SeverableProxy {
  port: number
  /** From now on nothing of what the broker says reaches the client. */
  mute(): void
  unmute(): void
  /** Breaks every connection. */
  sever(): void
  /** Bytes that clients have sent and the broker was given. */
  forwarded(): number
  stop(): Promise<void>
}

export async function startProxy(brokerPort: number): Promise<SeverableProxy> {
  const pairs = new Set<readonly [Socket, Socket]>()
  let isMuted = false
  let forwarded = 0
  const server = createServer((client) => {
    const broker = connect(brokerPort, '127.0.0.1')
    const pair = [client, broker] as const
    pairs.add(pair)
    client.on('data', (bytes) => {
      forwarded += bytes.length
      broker.write(bytes)
    })
    broker.on('data', (bytes) => {
      if (!isMuted) client.write(bytes)
    })
    for (const socket of pair) {
      socket.on('error', () => {})
      socket.on('close', () => {
        pairs.delete(pair)
        for (const each of pair) each.destroy()
      })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    mute: () => {
      isMuted = true
    },
    unmute: () => {
      isMuted = false
    },
    sever: () => {
      for (const [client, broker] of pairs) {
        client.destroy()
        broker.destroy()
      }
    },
    forwarded: () => forwarded,
    stop: async () => {
      for (const pair of pairs) for (const socket of pair) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
