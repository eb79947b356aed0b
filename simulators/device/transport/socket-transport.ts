import type { Socket } from 'node:net'
import type { Transport, TransportEvents } from '../ports.ts'
import { type Endpoint, explainSocketError, TransportError } from './socket-errors.ts'

const OWNER = Symbol('transport')

// Listeners are functions that all sockets share and find their transport through `this`, because five closures
// per socket would cost more memory than the rest of a session.
interface OwnedSocket extends Socket {
  [OWNER]?: SocketTransport
}

/**
 * One read buffer for all sockets of the process. Safe where libuv reads when the data is there (POSIX);
 * on Windows reads are under way while others run, so there each has its own.
 */
export const SHARED_READ =
  process.platform === 'win32'
    ? undefined
    : {
        buffer: Buffer.allocUnsafeSlow(64 * 1024),
        callback(this: unknown, bytes: number, buffer: Uint8Array): boolean {
          // Node calls it as a method of the socket.
          const socket = this as OwnedSocket
          // It is the buffer above, which is a Buffer.
          socket[OWNER]?.received((buffer as Buffer).subarray(0, bytes))
          return true
        },
      }

function onData(this: OwnedSocket, bytes: Buffer): void {
  this[OWNER]?.received(bytes)
}
function onOpen(this: OwnedSocket): void {
  this[OWNER]?.opened()
}
function onDrain(this: OwnedSocket): void {
  this[OWNER]?.drained()
}
function onError(this: OwnedSocket, error: NodeJS.ErrnoException): void {
  this[OWNER]?.failed(error)
}
function onClose(this: OwnedSocket): void {
  this[OWNER]?.ended()
}

/** How a socket is to be driven. */
export interface SocketFacts {
  endpoint: Endpoint
  openEvent: 'connect' | 'secureConnect'
  /** The socket was made with SHARED_READ. */
  isSharedRead: boolean
}

/** A transport over a TCP or TLS socket. */
export class SocketTransport implements Transport {
  readonly #socket: OwnedSocket
  readonly #events: TransportEvents
  readonly #endpoint: Endpoint
  readonly #isTls: boolean
  #isOpen = false
  #isHeard = false
  #error: NodeJS.ErrnoException | undefined

  constructor(socket: Socket, events: TransportEvents, { endpoint, openEvent, isSharedRead }: SocketFacts) {
    this.#socket = socket
    this.#events = events
    this.#endpoint = endpoint
    this.#isTls = openEvent === 'secureConnect'
    this.#socket[OWNER] = this
    socket.on(openEvent, onOpen)
    socket.on('drain', onDrain)
    socket.on('error', onError)
    socket.on('close', onClose)
    if (!isSharedRead) socket.on('data', onData)
  }

  write(bytes: Buffer): boolean {
    return this.#socket.write(bytes)
  }

  end(): void {
    this.#socket.end()
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  destroy(reset = false): void {
    if (reset && !this.#isTls) this.#socket.resetAndDestroy()
    else this.#socket.destroy()
  }

  received(bytes: Buffer): void {
    this.#isHeard = true
    this.#events.received(bytes)
  }

  opened(): void {
    this.#isOpen = true
    this.#events.opened()
  }

  drained(): void {
    this.#events.drained()
  }

  failed(error: NodeJS.ErrnoException): void {
    this.#error = error
  }

  ended(): void {
    const { host, port } = this.#endpoint
    const isBroken = !this.#error || this.#error.code === 'ECONNRESET' || this.#error.code === 'EPIPE'
    if (this.#isTls && !this.#isHeard && isBroken) {
      // The server of TLS 1.3 judges the client certificate when the client already takes the handshake for done, and
      // a reset may overtake what it says.
      const text = this.#isOpen
        ? `${host}:${port} closed the connection after TLS, before CONNACK: it may want another client certificate`
        : `${host}:${port} closed the connection during the TLS handshake: check that this port speaks TLS`
      this.#events.ended(new TransportError({ kind: 'tls', text }, this.#error))
    } else if (this.#error) {
      const closure = explainSocketError(this.#error, this.#endpoint, this.#isOpen)
      this.#events.ended(new TransportError(closure, this.#error))
    } else this.#events.ended()
  }
}
