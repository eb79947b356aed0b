import { reasonText } from '../device/reason-codes.ts'
import { AppError } from '../errors.ts'

/** What is known when a connection did not come about. */
export interface ConnectFailure {
  url: string
  protocol: 4 | 5
  /** What was thrown; nothing when the far end just closed. */
  error?: unknown
  /** Bytes that came before it failed. */
  bytesRead: number
}

const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENETDOWN',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EADDRNOTAVAIL',
  'EMFILE',
  'ENFILE',
  'EACCES',
  'EPERM',
])

const TLS_CODES =
  /^(ERR_TLS|ERR_SSL|ERR_OSSL|ERR_X509|EPROTO|CERT_|CRL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|INVALID_CA|HOSTNAME_MISMATCH)/

/** Why a connection failed, as an error a person can act on. */
export function connectFailure({ url, protocol, error, bytesRead }: ConnectFailure): AppError {
  const where = withoutCredentials(url)
  const text = error instanceof Error ? error.message : ''
  const code = codeOf(error)
  const as = (name: AppError['code'], message: string) => new AppError({ code: name, message, cause: error })

  if (typeof code === 'number') {
    const reason = reasonText(protocol === 5 ? 'connack' : 'connack-3', code)
    return as('BROKER_REFUSED', `${where} refused the connection: ${reason}`)
  }
  if (UNREACHABLE.has(code ?? '')) return as('BROKER_UNREACHABLE', `${where} cannot be reached: ${text}`)
  if (TLS_CODES.test(code ?? '') || text.includes('TLS not authorized')) {
    return as('TLS_FAILED', `TLS with ${where} failed: ${text} (${code ?? 'no code'})`)
  }
  // A broker that wants a client certificate closes after the handshake of TLS 1.3, so the reason is a guess.
  if (/^(mqtts|wss):/.test(url) && bytesRead === 0) {
    return as('TLS_FAILED', `${where} closed the connection after TLS without an answer${tail(text)}`)
  }
  if (text.includes('timeout') && bytesRead === 0) {
    return as('BROKER_UNREACHABLE', `${where} took the connection and did not answer in 10 s`)
  }
  if (bytesRead > 0) return as('NOT_MQTT', `${where} answered, but not in MQTT${tail(text)}`)
  return as('NOT_MQTT', `${where} closed the connection without an answer${tail(text)}`)
}

/** MQTT.js puts the reason code of a refusal into `code`, Node the name of a system error. */
function codeOf(error: unknown): string | number | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  return typeof error.code === 'string' || typeof error.code === 'number' ? error.code : undefined
}

function tail(text: string): string {
  return text === '' ? '' : ` (${text})`
}

function withoutCredentials(url: string): string {
  return url.replace(/\/\/[^/@]*@/, '//')
}
