import { readVariableByteInteger } from './variable-byte-integer.ts'

const TOPIC_ALIAS = 0x23

/** Where the value of a PUBLISH property that starts at `at` ends; -1 for one that PUBLISH does not have (MQTT 5 section 2.2.2.2). */
function valueEnd(bytes: Uint8Array, id: number, at: number, end: number): number {
  switch (id) {
    case 0x01:
      return at + 1
    case 0x02:
      return at + 4
    case TOPIC_ALIAS:
      return at + 2
    case 0x03:
    case 0x08:
    case 0x09:
      return textEnd(bytes, at)
    case 0x26:
      return textEnd(bytes, textEnd(bytes, at))
    case 0x0b: {
      let offset = at
      while (offset < end && (bytes[offset] ?? 0) >= 128) offset += 1
      return offset + 1
    }
    default:
      return -1
  }
}

function textEnd(bytes: Uint8Array, at: number): number {
  return at + 2 + (((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0))
}

export const NO_ALIAS = -1
export const BAD_PROPERTIES = -2

/** Offset of the topic alias property in the properties [at, end) of a PUBLISH; NO_ALIAS or BAD_PROPERTIES. */
export function findTopicAlias(bytes: Uint8Array, at: number, end: number): number {
  let found = NO_ALIAS
  let offset = at
  while (offset < end) {
    const id = bytes[offset] ?? 0
    const next = valueEnd(bytes, id, offset + 1, end)
    if (next < 0 || next > end) return BAD_PROPERTIES
    if (id === TOPIC_ALIAS) found = offset
    offset = next
  }
  return found
}

/** Where the properties that begin with their length at `at` end; -1 when that is past `end` or no length at all. */
export function propertiesEnd(bytes: Uint8Array, at: number, end: number): number {
  const length = readVariableByteInteger(bytes, at, end)
  if (length < 0) return -1
  const from = propertiesStart(bytes, at)
  return from + length <= end ? from + length : -1
}

/** Offset of the first property behind the length at `at`. */
export function propertiesStart(bytes: Uint8Array, at: number): number {
  let offset = at
  while ((bytes[offset] ?? 0) >= 128) offset += 1
  return offset + 1
}
