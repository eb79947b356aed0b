import { closureCode } from '../device/closure-code.ts'
import { describeGarbage } from '../device/not-mqtt.ts'
import { reasonText } from '../device/reason-codes.ts'
import { type Endpoint, explainSocketError } from '../device/transport/socket-errors.ts'
import { AppError } from '../errors.ts'

/** What is known when a connection did not come about. */
export interface ConnectFailure {
  url: string
  protocol: 4 | 5
  /** What was thrown; nothing when the far end just closed. */
  error?: unknown
  /** The first bytes that came before it failed. */
  head: Buffer | null
  /** The TLS handshake was over. */
  isSecure: boolean
}

const OWN_CREDENTIALS =
  'The probe has credentials of its own: check observe.probe.auth, and what the broker allows its client id to do.'
const NO_ANSWER =
  'Something listens there. Check that it is the broker, and that the broker is not overloaded.'

/** Why the probe has no connection, as an error a person can act on. */
export function connectFailure({ url, protocol, error, head, isSecure }: ConnectFailure): AppError {
  const endpoint = endpointOf(url)
  const at = `${endpoint.host}:${endpoint.port}`
  const text = error instanceof Error ? error.message : ''
  const isTls = /^(mqtts|wss):/.test(url)
  const as = (code: AppError['code'], why: string, hint?: string) =>
    new AppError({
      code,
      message: `The probe cannot connect: ${why}`,
      ...(hint && { hint }),
      cause: error,
    })

  const reasonCode = reasonCodeOf(error)
  if (reasonCode !== undefined) {
    const reason = reasonText(protocol === 5 ? 'connack' : 'connack-3', reasonCode)
    return as('BROKER_REFUSED', `${at} refused: ${reason}`, OWN_CREDENTIALS)
  }
  if (head) return as('NOT_MQTT', describeGarbage(head, text || `${at} closed the connection`))
  if (text.includes('timeout'))
    return as('BROKER_UNREACHABLE', `${at} took the connection and did not answer in 10 s`, NO_ANSWER)
  if (isSystemError(error) && !(isTls && error.code === 'ECONNRESET')) {
    const closure = explainSocketError(error, endpoint, false)
    return as(closureCode(closure.kind), closure.text)
  }
  const status = /^Unexpected server response: (\d+)/.exec(text)?.[1]
  if (status)
    return as(
      'NOT_MQTT',
      `${at} answered HTTP ${status} where a WebSocket was asked for: check the path of the URL`,
    )
  // A broker that wants a client certificate closes after the handshake of TLS 1.3, so the reason is a guess.
  if (isSecure)
    return as('TLS_FAILED', `${at} closed the connection after TLS; it may want a client certificate`)
  if (isTls)
    return as('TLS_FAILED', `${at} closed the connection before TLS stood: check that this port speaks TLS`)
  return as('NOT_MQTT', text === '' ? `${at} closed the connection before CONNACK` : `${at}: ${text}`)
}

/** MQTT.js puts the reason code of a refusal where Node puts the name of a system error. */
function reasonCodeOf(error: unknown): number | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' ? error.code : undefined
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
}

const PORTS: Readonly<Record<string, number>> = { 'mqtt:': 1_883, 'mqtts:': 8_883, 'ws:': 80, 'wss:': 443 }

function endpointOf(url: string): Endpoint {
  const { protocol, hostname, port } = new URL(url)
  return { host: hostname, port: port === '' ? (PORTS[protocol] ?? 0) : Number(port) }
}
