import { AppError, type ErrorCode } from '../errors.ts'
import type { EventCount, FleetTotals } from './messages.ts'

/** A broker that is starting may need a moment. */
const PATIENCE_MS = 5_000
const ATTEMPTS = 3

const CODES: Partial<Record<NonNullable<EventCount['closure']>, ErrorCode>> = {
  refused: 'BROKER_REFUSED',
  'server-disconnect': 'BROKER_REFUSED',
  tls: 'TLS_FAILED',
  'not-mqtt': 'NOT_MQTT',
  'protocol-error': 'NOT_MQTT',
}

/** Why a run in which no device has ever connected is given up; undefined while there is hope. */
export function connectFailure(
  totals: Pick<FleetTotals, 'everConnected' | 'connectFailures'>,
  main: { closure: EventCount['closure']; text: string } | null,
  nowMs: number,
): AppError | undefined {
  if (totals.everConnected > 0 || main === null || nowMs < PATIENCE_MS) return undefined
  // A single device with a long timeout has had its chance as well.
  if (totals.connectFailures < ATTEMPTS && nowMs < 3 * PATIENCE_MS) return undefined
  const code = (main.closure && CODES[main.closure]) ?? 'BROKER_UNREACHABLE'
  return new AppError({
    code,
    message: `no device could connect in ${Math.round(nowMs / 1_000)} s: ${main.text} (${totals.connectFailures} failed attempts)`,
  })
}
