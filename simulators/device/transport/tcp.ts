import { connect, isIP, type LookupFunction, type Socket, type TcpNetConnectOpts } from 'node:net'
import type { OpenTransport } from '../ports.ts'
import { cachedLookup } from './lookup-cache.ts'
import { SHARED_READ, SocketTransport } from './socket-transport.ts'

export interface TcpOptions {
  host: string
  port: number
  family?: 4 | 6
}

const sharedLookup = cachedLookup()

/** What net.connect and tls.connect need to reach an endpoint. */
export function tcpConnectOptions({ host, port, family }: TcpOptions): TcpNetConnectOpts {
  const isName = isIP(host) === 0
  const lookup: { lookup?: LookupFunction } = isName ? { lookup: sharedLookup } : {}
  return {
    host,
    port,
    // Nagle would hold a small PUBLISH back until the last one is acknowledged.
    noDelay: true,
    autoSelectFamily: isName,
    ...(family === undefined ? {} : { family }),
    ...lookup,
  }
}

/** A plain TCP socket whose 'data' events the caller reads. */
export function connectTcp(options: TcpOptions): Socket {
  return connect(tcpConnectOptions(options))
}

/** Plain TCP to the broker. */
export function tcpTransport(options: TcpOptions): OpenTransport {
  const connectOptions: TcpNetConnectOpts = {
    ...tcpConnectOptions(options),
    ...(SHARED_READ ? { onread: SHARED_READ } : {}),
  }
  const facts = {
    endpoint: { host: options.host, port: options.port },
    openEvent: 'connect',
    isSharedRead: SHARED_READ !== undefined,
  } as const
  return (events) => new SocketTransport(connect(connectOptions), events, facts)
}
