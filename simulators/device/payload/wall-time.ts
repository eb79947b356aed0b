import type { Moment } from '../ports.ts'
import { writeDigits } from './numbers.ts'

/** Length of 2025-11-22T16:05:01.123Z. */
export const ISO_BYTES = 24

/** The last millisecond of the year 9999: later years have more digits (ISO 8601, expanded representation). */
const LAST_MS = 253_402_300_799_999

/** Ties the clock of the run to the wall: its start in ms since 1970. */
export interface WallClock {
  readonly zeroMs: number
}

/** Intended wall time of a message, whole milliseconds since 1970. */
export function wallTimeMs(clock: WallClock, moment: Moment): number {
  return Math.min(Math.max(0, Math.floor(clock.zeroMs + moment.intendedUs / 1_000)), LAST_MS)
}

const POINT_AT = 19
const Z = 0x5a

// Most messages of a process are due in the same second: its text is made once, for all devices.
let cachedSecond = Number.NaN
const cachedText = Buffer.alloc(POINT_AT + 1)

/** Writes the ISO 8601 text of a wall time. */
export function writeIso(out: Uint8Array, at: number, timeMs: number): number {
  const second = Math.floor(timeMs / 1_000)
  if (second !== cachedSecond) {
    cachedText.write(new Date(second * 1_000).toISOString(), 0, POINT_AT + 1, 'latin1')
    cachedSecond = second
  }
  for (let index = 0; index <= POINT_AT; index++) out[at + index] = cachedText[index] ?? 0
  const to = writeDigits(out, at + POINT_AT + 1, 3, timeMs - second * 1_000)
  out[to] = Z
  return to + 1
}
