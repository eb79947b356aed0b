import type { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import WebSocket from 'ws'
import { MAXIMUM_INBOUND_BYTES } from '../handshake.ts'
import type { OpenTransport, Transport, TransportEvents } from '../ports.ts'
import { type Endpoint, explainSocketError, TransportError } from './socket-errors.ts'
import { connectTcp, type TcpOptions } from './tcp.ts'
import { connectTls, type TlsOptions } from './tls.ts'

export interface WsOptions extends TcpOptions {
  /** Path and query, as in "/mqtt". */
  path: string
  /** Makes it wss. */
  tls?: Omit<TlsOptions, keyof TcpOptions>
  /** What the WebSocket runs over without TLS, when not a TCP connection of its own. */
  createSocket?: () => Duplex
}

const SEND = { binary: true, compress: false, fin: true }
const NORMAL_CLOSURE = 1_000

/** MQTT over WebSocket (MQTT 5 section 6) to the broker. */
export function wsTransport(options: WsOptions): OpenTransport {
  const { host, port, path, tls } = options
  const name = host.includes(':') ? `[${host}]` : host
  const url = new URL(path.startsWith('/') ? path : `/${path}`, `${tls ? 'wss' : 'ws'}://${name}:${port}`)
  return (events) => new WsTransport(url, options, events)
}

class WsTransport implements Transport {
  readonly #webSocket: WebSocket
  readonly #socket: Duplex
  readonly #events: TransportEvents
  readonly #endpoint: Endpoint
  #isOpen = false
  #error: NodeJS.ErrnoException | undefined

  constructor(url: URL, options: WsOptions, events: TransportEvents) {
    const { tls, createSocket } = options
    this.#events = events
    this.#endpoint = { host: options.host, port: options.port }
    const socket = tls
      ? connectTls({ ...options, ...tls })
      : createSocket
        ? createSocket()
        : connectTcp(options)
    this.#socket = socket
    this.#webSocket = new WebSocket(url, 'mqtt', {
      perMessageDeflate: false,
      maxPayload: MAXIMUM_INBOUND_BYTES,
      skipUTF8Validation: true,
      // The types want a net.Socket, ws itself any stream.
      createConnection: () => socket as Socket,
    })
    this.#webSocket.on('open', () => {
      this.#isOpen = true
      socket.on('drain', () => events.drained())
      events.opened()
    })
    this.#webSocket.on('message', (data, isBinary) => this.#received(data, isBinary))
    this.#webSocket.on('unexpected-response', (_request, response) => this.#refused(response))
    this.#webSocket.on('error', (error) => {
      this.#error ??= this.#explain(error)
    })
    this.#webSocket.on('close', () => events.ended(this.#error))
  }

  write(bytes: Buffer): boolean {
    if (this.#webSocket.readyState !== WebSocket.OPEN) return true
    this.#webSocket.send(bytes, SEND)
    return !this.#socket.writableNeedDrain
  }

  end(): void {
    this.#webSocket.close(NORMAL_CLOSURE)
  }

  destroy(reset = false): void {
    if (reset && this.#socket instanceof Socket && !(this.#socket instanceof TLSSocket))
      this.#socket.resetAndDestroy()
    this.#webSocket.terminate()
  }

  #received(data: WebSocket.RawData, isBinary: boolean): void {
    // MQTT-6.0.0-1: anything but binary frames ends the connection.
    if (isBinary && Buffer.isBuffer(data)) this.#events.received(data)
    else
      this.#fail({
        kind: 'protocol-error',
        text: 'the broker sent a text frame where MQTT wants binary ones',
      })
  }

  #refused(response: IncomingMessage): void {
    const status = `${response.statusCode ?? 0} ${response.statusMessage ?? ''}`.trim()
    const { host, port } = this.#endpoint
    response.resume()
    this.#fail({
      kind: 'not-mqtt',
      text: `${host}:${port} answered HTTP ${status} where a WebSocket was asked for: check the path of the URL`,
    })
  }

  #fail(closure: ConstructorParameters<typeof TransportError>[0]): void {
    this.#error = new TransportError(closure)
    this.#webSocket.terminate()
  }

  #explain(error: NodeJS.ErrnoException): NodeJS.ErrnoException {
    const { host, port } = this.#endpoint
    const code = error.code ?? ''
    if (!this.#isOpen && code.startsWith('HPE_'))
      return new TransportError(
        {
          kind: 'not-mqtt',
          text: `${host}:${port} gave no HTTP answer where a WebSocket was asked for (${code})`,
        },
        error,
      )
    // Without a system's code it is ws itself that complains about the handshake or a frame.
    if (code === '' || code.startsWith('WS_ERR_'))
      return new TransportError({ kind: 'not-mqtt', text: `${host}:${port}: ${error.message}` }, error)
    return new TransportError(explainSocketError(error, this.#endpoint, this.#isOpen), error)
  }
}
