import { Duplex } from 'node:stream'
import type { OpenTransport, Transport, TransportEvents } from './ports.ts'

/** A transport as a stream that connects itself, for what runs over one: TLS and WebSocket pay for the link under them. */
export class LinkStream extends Duplex implements TransportEvents {
  readonly #transport: Transport
  #isOpen = false
  #waiting: ((error?: Error | null) => void) | undefined
  #unsent: Buffer | undefined

  constructor(open: OpenTransport) {
    super({ allowHalfOpen: false })
    this.#transport = open(this)
  }

  opened(): void {
    this.#isOpen = true
    this.emit('connect')
    const bytes = this.#unsent
    this.#unsent = undefined
    if (bytes) this.#send(bytes)
  }

  received(bytes: Buffer): void {
    if (!this.push(bytes)) this.#transport.pause?.()
  }

  drained(): void {
    const done = this.#waiting
    this.#waiting = undefined
    done?.()
  }

  ended(error?: NodeJS.ErrnoException): void {
    if (error) this.destroy(error)
    else this.push(null)
  }

  override _read(): void {
    this.#transport.resume?.()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#waiting = done
    if (this.#isOpen) this.#send(chunk)
    else this.#unsent = chunk
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#transport.end()
    done()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#transport.destroy()
    done(error)
  }

  #send(bytes: Buffer): void {
    if (this.#transport.write(bytes)) this.drained()
  }
}
