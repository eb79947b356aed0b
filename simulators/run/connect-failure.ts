import { closureCode } from '../device/closure-code.ts'
import { AppError } from '../errors.ts'
import type { EventCount, FleetTotals } from './messages.ts'

/** A broker that is starting may need a moment. */
const PATIENCE_MS = 5_000
const ATTEMPTS = 3

/** Why a run in which no device has ever connected is given up; undefined while there is hope. */
export function connectFailure(
  totals: Pick<FleetTotals, 'everConnected' | 'connectFailures'>,
  main: { closure: EventCount['closure']; text: string } | null,
  nowMs: number,
): AppError | undefined {
  if (totals.everConnected > 0 || main === null || nowMs < PATIENCE_MS) return undefined
  // A single device with a long timeout has had its chance as well.
  if (totals.connectFailures < ATTEMPTS && nowMs < 3 * PATIENCE_MS) return undefined
  const attempts = `${Math.round(nowMs / 1_000)} s and ${totals.connectFailures} attempts`
  return new AppError({
    code: closureCode(main.closure),
    message: `no device could connect in ${attempts}: ${main.text}`,
  })
}
