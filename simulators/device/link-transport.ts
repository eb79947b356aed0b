import type { Link } from '../link/link.ts'
import type { LinkPipe, PipeEnds } from '../link/link-pipe.ts'
import type { Direction } from '../link/model.ts'
import type { OpenTransport, RunClock, Transport, TransportEvents } from './ports.ts'

/** What the links of a shard share. */
export interface LinkHost {
  readonly clock: RunClock
  /** Something may now be due earlier than it was. */
  wake(): void
  opened(transport: LinkTransport): void
  closed(transport: LinkTransport): void
}

/**
 * The link of a device between its session and a TCP connection. The session sees the connection that the link allows;
 * the broker sees bytes at the times at which the link lets them through.
 */
export class LinkTransport implements Transport, PipeEnds {
  readonly #events: TransportEvents
  readonly #host: LinkHost
  readonly #pipe: LinkPipe
  #socket: Transport | undefined
  #isSocketOpen = false
  #isPipeOpen = false
  #isOver = false

  constructor(openSocket: OpenTransport, link: Link, events: TransportEvents, host: LinkHost) {
    this.#events = events
    this.#host = host
    host.opened(this)
    this.#pipe = link.connect(this, host.clock())
    // The link opens and drains as well, so the socket has words of its own.
    const socket = openSocket({
      opened: () => this.#socketOpened(),
      received: (bytes) => this.#received(bytes),
      drained: () => undefined,
      ended: (error) => this.#socketEnded(error),
    })
    if (this.#isOver) socket.destroy()
    else this.#socket = socket
    host.wake()
  }

  /** Bytes that the device has sent and the link has not let through. */
  get backlogBytes(): number {
    return this.#isOver ? 0 : this.#pipe.up.backlogBytes
  }

  // What the session asks.

  write(bytes: Buffer): boolean {
    const hasRoom = this.#pipe.send('up', bytes, this.#host.clock())
    this.#host.wake()
    return hasRoom
  }

  end(): void {
    this.#pipe.finish('up', this.#host.clock())
    this.#host.wake()
  }

  destroy(isReset = false): void {
    if (this.#isOver) return
    if (isReset) this.#leave(true)
    // A device that vanishes tells nobody: the socket stays open until word of it would have arrived.
    else this.#pipe.abandon(this.#host.clock())
    this.#host.wake()
  }

  // What the link says.

  released(direction: Direction, bytes: Buffer): void {
    if (direction === 'down') this.#events.received(bytes)
    else this.#socket?.write(bytes)
  }

  drained(direction: Direction): void {
    if (direction === 'up') this.#events.drained()
    else this.#socket?.resume?.()
  }

  finished(direction: Direction): void {
    if (direction === 'up') this.#socket?.end()
    else {
      this.#leave(false)
      this.#events.ended()
    }
  }

  opened(): void {
    this.#isPipeOpen = true
    if (this.#isSocketOpen) this.#events.opened()
  }

  reset(): void {
    if (this.#isOver) return
    this.#leave(true)
    this.#events.ended(Object.assign(new Error('the link has reset the connection'), { code: 'ECONNRESET' }))
  }

  abandoned(): void {
    this.#leave(false)
  }

  #socketOpened(): void {
    this.#isSocketOpen = true
    if (this.#isPipeOpen) this.#events.opened()
  }

  #received(bytes: Buffer): void {
    // Lent for the call, and the link keeps them for a while.
    const hasRoom = this.#pipe.send('down', Buffer.from(bytes), this.#host.clock())
    if (!hasRoom) this.#socket?.pause?.()
    this.#host.wake()
  }

  #socketEnded(error?: NodeJS.ErrnoException): void {
    if (this.#isOver) return
    this.#socket = undefined
    if (error || !this.#isPipeOpen) {
      this.#leave(false)
      this.#events.ended(error)
    } else {
      this.#pipe.finish('down', this.#host.clock())
      this.#host.wake()
    }
  }

  #leave(isReset: boolean): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#pipe.close()
    this.#socket?.destroy(isReset)
    this.#socket = undefined
    this.#host.closed(this)
  }
}
