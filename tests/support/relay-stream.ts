import { connect, type Socket } from 'node:net'
import { Duplex } from 'node:stream'

/** A TCP connection behind a stream that is no socket, so that nothing above can reach past it. */
export class RelayStream extends Duplex {
  readonly #socket: Socket
  bytesRead = 0

  constructor(port: number) {
    super()
    this.#socket = connect(port, '127.0.0.1')
    this.#socket.on('data', (bytes) => {
      this.bytesRead += bytes.length
      if (!this.push(bytes)) this.#socket.pause()
    })
    this.#socket.on('end', () => this.push(null))
    this.#socket.on('error', (error) => this.destroy(error))
    this.#socket.on('close', () => this.destroy())
  }

  override _read(): void {
    this.#socket.resume()
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#socket.write(bytes, done)
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#socket.end(done)
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket.destroy()
    done(error)
  }
}
