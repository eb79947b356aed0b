/** No number that `writeFixed` writes is longer: sign, 21 digits, point and 15 decimals, or an exponent. */
export const MAX_NUMBER_BYTES = 40
/** Digits of the largest safe integer. */
export const MAX_INTEGER_BYTES = 16

const ZERO = 0x30
const MINUS = 0x2d
const POINT = 0x2e
const BILLION = 1_000_000_000
// Math.pow is a call into C++, once per number of a message.
const POWERS_OF_TEN = Array.from({ length: 16 }, (_, exponent) => 10 ** exponent)

/** Writes `width` digits of an integer below 10^9, zeros in front. */
export function writeDigits(out: Uint8Array, at: number, width: number, value: number): number {
  let rest = value | 0
  for (let to = at + width - 1; to >= at; to--) {
    const quotient = (rest / 10) | 0
    out[to] = ZERO + rest - quotient * 10
    rest = quotient
  }
  return at + width
}

function widthOf(value: number): number {
  if (value < 1_000) return value < 10 ? 1 : value < 100 ? 2 : 3
  if (value < 1_000_000) return value < 10_000 ? 4 : value < 100_000 ? 5 : 6
  return value < 10_000_000 ? 7 : value < 100_000_000 ? 8 : 9
}

/** Writes a whole number from 0 to 2^53 and returns the offset behind it. */
export function writeInteger(out: Uint8Array, at: number, value: number): number {
  if (value < BILLION) return writeDigits(out, at, widthOf(value), value)
  const high = Math.floor(value / BILLION)
  return writeDigits(out, writeInteger(out, at, high), 9, value - high * BILLION)
}

/** Writes a number with `decimals` (0 to 15) digits behind the point; always a number that JSON knows. */
export function writeFixed(out: Buffer, at: number, value: number, decimals: number): number {
  const scale = POWERS_OF_TEN[decimals] ?? 10 ** decimals
  const scaled = Math.round(Math.abs(value) * scale)
  if (!(scaled <= Number.MAX_SAFE_INTEGER)) return writeHuge(out, at, value, decimals)
  let to = at
  if (value < 0 && scaled > 0) out[to++] = MINUS
  if (decimals === 0) return writeInteger(out, to, scaled)
  const whole = Math.floor(scaled / scale)
  const fraction = scaled - whole * scale
  to = writeInteger(out, to, whole)
  out[to++] = POINT
  if (decimals <= 9) return writeDigits(out, to, decimals, fraction)
  const high = Math.floor(fraction / BILLION)
  return writeDigits(out, writeDigits(out, to, decimals - 9, high), 9, fraction - high * BILLION)
}

/** What has more digits than 53 bits hold; a sum that overflowed becomes the largest number, as JSON knows no infinity. */
function writeHuge(out: Buffer, at: number, value: number, decimals: number): number {
  const finite = Math.min(Math.max(value || 0, -Number.MAX_VALUE), Number.MAX_VALUE)
  return at + out.write(finite.toFixed(decimals), at, 'latin1')
}

/** Decimals that show a value well: two more than the finest of the numbers it is made of. */
export function decimalsFor(numbers: readonly number[]): number {
  let finest = 0
  for (const number of numbers) {
    let decimals = 0
    while (decimals < 13 && Number(number.toFixed(decimals)) !== number) decimals++
    finest = Math.max(finest, decimals)
  }
  return finest + 2
}
