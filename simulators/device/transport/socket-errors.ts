import type { Closure } from '../ports.ts'

/** Where a transport was to lead. */
export interface Endpoint {
  host: string
  port: number
}

/** A transport's end, already put into words by the transport that knows where it led. */
export class TransportError extends Error {
  readonly kind: Closure['kind']
  readonly code: string | undefined

  constructor(closure: Closure, cause?: NodeJS.ErrnoException) {
    super(closure.text, cause ? { cause } : undefined)
    this.name = 'TransportError'
    this.kind = closure.kind
    this.code = cause?.code
  }
}

type Row = readonly [kind: Closure['kind'], text: string]

const BROKEN = 'check the network and the log of the broker'
const NO_TLS = '{at} does not speak TLS: use the TLS port, or mqtt:// and ws://'
const TRUST = 'give its CA certificate as tls.ca'

/** What Node and OpenSSL call it, in words and with what to do; {at} is the endpoint. */
const ROWS: Readonly<Record<string, Row>> = {
  ECONNREFUSED: ['unreachable', 'nothing listens at {at}: start the broker or check the port'],
  ENOTFOUND: ['unreachable', 'no such host: {at}; check the name'],
  EAI_AGAIN: ['unreachable', 'the name of {at} cannot be resolved for now: check the DNS of this machine'],
  ETIMEDOUT: ['unreachable', '{at} does not answer: check host, port and firewall'],
  EHOSTUNREACH: ['unreachable', 'no route to {at}: check the network'],
  ENETUNREACH: ['unreachable', 'no network leads to {at}: check the network'],
  EHOSTDOWN: ['unreachable', 'the host of {at} is down'],
  EACCES: ['unreachable', 'this machine forbids a connection to {at}: check its firewall'],
  EMFILE: [
    'unreachable',
    'too many open files for {at}: raise the limit (ulimit -n) or lower the devices per shard',
  ],
  ENFILE: ['unreachable', 'this machine has too many open files for {at}: raise fs.file-max'],
  EADDRNOTAVAIL: [
    'unreachable',
    'no ephemeral port left for {at}: widen net.ipv4.ip_local_port_range or use more addresses',
  ],
  ENOBUFS: ['unreachable', 'no socket buffers left for {at}: lower the number of devices'],
  ECONNRESET: ['reset', `{at} reset the connection: ${BROKEN}`],
  EPIPE: ['reset', `{at} closed the connection: ${BROKEN}`],
  ECONNABORTED: ['reset', `the connection to {at} was aborted: ${BROKEN}`],
  CERT_HAS_EXPIRED: ['tls', 'the certificate of {at} has expired: renew it on the broker'],
  CERT_NOT_YET_VALID: ['tls', 'the certificate of {at} is not valid yet: check the clocks of both machines'],
  SELF_SIGNED_CERT_IN_CHAIN: ['tls', `{at} has a certificate of an unknown CA: ${TRUST}`],
  DEPTH_ZERO_SELF_SIGNED_CERT: ['tls', '{at} has a self-signed certificate: give it as tls.ca'],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: [
    'tls',
    `the certificate of {at} cannot be verified: ${TRUST}, with intermediates`,
  ],
  UNABLE_TO_GET_ISSUER_CERT: ['tls', `the issuer of the certificate of {at} is unknown: ${TRUST}`],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: ['tls', `the issuer of the certificate of {at} is unknown: ${TRUST}`],
  CERT_SIGNATURE_FAILURE: ['tls', 'the certificate of {at} was signed by another CA than tls.ca'],
  INVALID_PURPOSE: ['tls', 'the certificate of {at} is not meant for servers: issue it with serverAuth'],
  ERR_TLS_CERT_ALTNAME_INVALID: [
    'tls',
    'the certificate of {at} is for another name: set tls.serverName or reissue it',
  ],
  ERR_SSL_WRONG_VERSION_NUMBER: ['tls', NO_TLS],
  ERR_SSL_UNEXPECTED_MESSAGE: ['tls', NO_TLS],
  ERR_SSL_PACKET_LENGTH_TOO_LONG: ['tls', NO_TLS],
  ERR_SSL_UNSUPPORTED_PROTOCOL: ['tls', '{at} offers no TLS version that is allowed here'],
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: ['tls', '{at} refuses this TLS version'],
  ERR_SSL_NO_APPLICATION_PROTOCOL: ['tls', '{at} knows none of the ALPN names in tls.alpn'],
  ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL: ['tls', '{at} knows none of the ALPN names in tls.alpn'],
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: [
    'tls',
    '{at} does not know the CA of the client certificate: check tls.cert',
  ],
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: ['tls', '{at} refuses the client certificate as bad: check tls.cert'],
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: [
    'tls',
    '{at} says the client certificate has expired: renew tls.cert',
  ],
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED: ['tls', '{at} says the client certificate is revoked'],
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: ['tls', '{at} refuses the client certificate: check tls.cert'],
  ERR_SSL_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE: ['tls', '{at} does not take this kind of client certificate'],
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: [
    'tls',
    '{at} asks for a client certificate: set tls.cert and tls.key',
  ],
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: [
    'tls',
    '{at} broke off the TLS handshake: it may want a client certificate',
  ],
  ERR_SSL_TLSV1_ALERT_ACCESS_DENIED: ['tls', '{at} denies access to this client certificate'],
  ERR_SSL_TLSV1_UNRECOGNIZED_NAME: [
    'tls',
    '{at} has no certificate for the name asked for: set tls.serverName',
  ],
}

/** A failed write shows what OpenSSL said in its message only: "write EPROTO ...:SSL routines:...:wrong version number:...". */
function openSslCode({ code, message }: NodeJS.ErrnoException): string | undefined {
  if (code !== 'EPROTO') return undefined
  const [, reason] = /:SSL routines:[^:]*:([^:]+):/.exec(message) ?? []
  return reason && `ERR_SSL_${reason.toUpperCase().replaceAll(' ', '_')}`
}

/** The end of a socket as a closure: what happened, where, and what to do. `isOpen`: the connection had been made. */
export function explainSocketError(
  error: NodeJS.ErrnoException | TransportError,
  endpoint?: Endpoint,
  isOpen = true,
): Closure {
  if (error instanceof TransportError) return { kind: error.kind, text: error.message }
  const at = endpoint ? `${endpoint.host}:${endpoint.port}` : 'the broker'
  // Happy Eyeballs (RFC 8305) tried several addresses: the first failure stands for all.
  if ('errors' in error && Array.isArray(error.errors) && error.errors[0] instanceof Error)
    return explainSocketError(error.errors[0], endpoint, isOpen)
  const code = openSslCode(error) ?? error.code ?? ''
  if (code === 'ETIMEDOUT' && isOpen)
    return { kind: 'reset', text: `${at} stopped answering: ${BROKEN} (ETIMEDOUT)` }
  const row = ROWS[code]
  if (row) return { kind: row[0], text: `${row[1].replace('{at}', at)} (${code})` }
  const isTls = code.startsWith('ERR_SSL') || code.startsWith('ERR_TLS') || code.includes('CERT')
  // What OpenSSL puts before and after its reason is of no use to a tester.
  const reason = 'reason' in error && typeof error.reason === 'string' ? error.reason : undefined
  if (isTls && reason)
    return { kind: 'tls', text: `the TLS handshake with ${at} failed: ${reason} (${code})` }
  const kind = isTls || code === 'EPROTO' ? 'tls' : isOpen ? 'reset' : 'unreachable'
  return { kind, text: `${at}: ${error.message.trim() || code || 'unknown error'}` }
}
