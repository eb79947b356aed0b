import { createServer, type Socket } from 'node:net'
import { Aedes } from 'aedes'
import { type AedesPersistence, mendReleases, mendRetained, mendSessions } from './aedes-mends.ts'

/** An MQTT broker of our own on loopback, 3.1.1 and 5. */
export interface EmbeddedBroker {
  port: number
  stop(): Promise<void>
}

/** A member of Aedes that its types leave out. */
interface Internals {
  persistence: AedesPersistence
}

// What aedes 2.0.0-beta.1 gets wrong is mended in aedes-mends.ts, except: it does not heed the Receive Maximum of
// subscribers, gives wildcard subscriptions of QoS 1 messages of QoS 2 as they are, and when a session comes back its new
// messages overtake those that waited. None of it touches a run whose connections stand.

/** Starts the embedded broker on a free port of `host`; `onFailure` hears of anything that makes it unfit to go on. */
export async function startEmbeddedBroker(
  host: string,
  onFailure: (error: Error) => void,
): Promise<EmbeddedBroker> {
  const aedes = new Aedes({
    // With a limit, mqemitter queues what is above it and walks the queue by recursion when topics have no subscriber:
    // RangeError after some thousand messages. Without one each publisher is still held back by its own callback.
    concurrency: 0,
    queueLimit: 1_000,
    topicAliasMaximum: 65_535,
  })
  await aedes.listen()
  // The types lack this member; see Internals.
  const { persistence } = aedes as unknown as Internals
  mendRetained(persistence)
  mendReleases(persistence)
  const sessionLeft = mendSessions(persistence)
  aedes.on('clientDisconnect', sessionLeft)
  // 'error' is an event like any other to Aedes, but without a listener it would be thrown; its types do not list it.
  ;(aedes as NodeJS.EventEmitter).on('error', onFailure)

  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    aedes.handle(socket)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port: 0, host, backlog: 4_096 }, resolve)
  })
  server.on('error', onFailure)
  const address = server.address()
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    stop: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      await new Promise<void>((resolve) => aedes.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
