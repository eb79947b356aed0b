/** Largest value that the four bytes of a variable byte integer hold (MQTT 5 section 1.5.5). */
export const MAX_VARIABLE_BYTE_INTEGER = 268_435_455

/** Bytes that a variable byte integer takes. */
export function variableByteLength(value: number): number {
  if (value < 128) return 1
  if (value < 16_384) return 2
  return value < 2_097_152 ? 3 : 4
}

/** Writes a variable byte integer at `at` and returns the offset behind it. */
export function writeVariableByteInteger(out: Uint8Array, at: number, value: number): number {
  let offset = at
  let rest = value
  while (rest >= 128) {
    out[offset++] = (rest & 127) | 128
    rest >>>= 7
  }
  out[offset++] = rest
  return offset
}

export const INCOMPLETE = -1
export const MALFORMED = -2

/** Reads a variable byte integer; INCOMPLETE when it reaches past `end`, MALFORMED past four bytes. */
export function readVariableByteInteger(bytes: Uint8Array, at: number, end: number): number {
  let value = 0
  for (let index = 0; index < 4; index += 1) {
    if (at + index >= end) return INCOMPLETE
    const byte = bytes[at + index] ?? 0
    value |= (byte & 127) << (7 * index)
    if (byte < 128) return value
  }
  return MALFORMED
}
