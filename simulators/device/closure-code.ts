import type { ErrorCode } from '../errors.ts'
import type { Closure } from './ports.ts'

const CODES: Partial<Record<Closure['kind'], ErrorCode>> = {
  refused: 'BROKER_REFUSED',
  'server-disconnect': 'BROKER_REFUSED',
  tls: 'TLS_FAILED',
  'not-mqtt': 'NOT_MQTT',
  'protocol-error': 'NOT_MQTT',
  // Whoever takes a connection and ends it before CONNACK was reached well enough.
  reset: 'NOT_MQTT',
}

/** The error code of an attempt to connect that ended like this. */
export function closureCode(kind: Closure['kind'] | null): ErrorCode {
  return (kind && CODES[kind]) ?? 'BROKER_UNREACHABLE'
}
