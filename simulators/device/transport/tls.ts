import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { type ConnectionOptions, connect, type SecureContext, type TLSSocket } from 'node:tls'
import type { OpenTransport } from '../ports.ts'
import { SocketTransport } from './socket-transport.ts'
import { type TcpOptions, tcpConnectOptions } from './tcp.ts'

export interface TlsOptions extends TcpOptions {
  /** Trust and identity; one for each certificate, shared by all connections that use it. */
  secureContext: SecureContext
  /** Name to ask for and to check; the host when left out. */
  serverName?: string
  alpn?: readonly string[]
  verify: boolean
  /** What TLS runs over, when not a TCP connection of its own: a stream that connects itself. */
  createSocket?: () => Duplex
}

/** A TLS socket that connects itself. */
export function connectTls(options: TlsOptions): TLSSocket {
  const { host, secureContext, serverName, alpn, verify, createSocket } = options
  // An IP address is no server name (RFC 6066 section 3); Node checks it against the certificate all the same.
  const name = serverName ?? (isIP(host) === 0 ? host : undefined)
  const settings: ConnectionOptions = {
    ...tcpConnectOptions(options),
    secureContext,
    rejectUnauthorized: verify,
    ...(name === undefined ? {} : { servername: name }),
    ...(alpn && alpn.length > 0 ? { ALPNProtocols: [...alpn] } : {}),
    ...(createSocket ? { socket: createSocket() } : {}),
  }
  return connect(settings)
}

/** TLS to the broker. */
export function tlsTransport(options: TlsOptions): OpenTransport {
  const facts = {
    endpoint: { host: options.host, port: options.port },
    openEvent: 'secureConnect',
    isSharedRead: false,
  } as const
  return (events) => new SocketTransport(connectTls(options), events, facts)
}
