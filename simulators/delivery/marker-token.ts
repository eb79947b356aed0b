import { Buffer } from 'node:buffer'
import { crcAround, crcOf } from './marker-crc.ts'
import type { MarkedMoment, MarkerWriter, Sighting } from './marker-sighting.ts'
import type { Identity } from './types.ts'

/** How every token begins. Only [A-Za-z0-9._:~-] is used, so that JSON, XML, CSV and Avro strings leave it as it is. */
export const TOKEN_OPENING = '~fl1:'

const OPENING = Buffer.from(TOKEN_OPENING, 'latin1')
const COLON = 0x3a
const DOT = 0x2e
const TILDE = 0x7e
const ZERO = 0x30
const SEQ_WIDTH = 7
const INTENDED_WIDTH = 9
const LAG_WIDTH = 8
const LENGTH_WIDTH = 6
const HEX_WIDTH = 8
const SEQ_LIMIT = 36 ** SEQ_WIDTH
const INTENDED_LIMIT = 36 ** INTENDED_WIDTH
const LAG_LIMIT = 36 ** LAG_WIDTH
const LENGTH_LIMIT = 36 ** LENGTH_WIDTH
/** seq:intendedUs:sentLagUs:length:payloadCrc:tokenCrc~ */
const TAIL_LENGTH = SEQ_WIDTH + INTENDED_WIDTH + LAG_WIDTH + LENGTH_WIDTH + 2 * HEX_WIDTH + 6
// 36^10 < 2^53: a field of more digits is none of ours and would lose precision.
const MAX_DIGITS = 10

const DIGITS = Buffer.from('0123456789abcdefghijklmnopqrstuvwxyz', 'latin1')
const VALUES = new Int8Array(256).fill(-1)
for (let value = 0; value < 36; value++) VALUES[DIGITS[value] ?? 0] = value
/** 36^5 fits 32-bit integers, which divide several times faster than doubles. */
const CHUNK = 36 ** 5

function putDigits(out: Uint8Array, at: number, width: number, value: number): void {
  let rest = value | 0
  for (let to = at + width - 1; to >= at; to--) {
    const quotient = (rest / 36) | 0
    out[to] = DIGITS[rest - quotient * 36] ?? 0
    rest = quotient
  }
}

/** Writes a value in fixed width and a colon, and returns the place behind; what does not fit becomes the largest that does. */
function putBase36(out: Uint8Array, at: number, width: number, limit: number, value: number): number {
  const fitting = value > 0 ? Math.min(Math.floor(value), limit - 1) : 0
  const colon = at + width
  if (fitting < CHUNK) {
    putDigits(out, colon - 5, 5, fitting)
    for (let to = at; to < colon - 5; to++) out[to] = ZERO
  } else {
    const high = Math.floor(fitting / CHUNK)
    putDigits(out, at, width - 5, high)
    putDigits(out, colon - 5, 5, fitting - high * CHUNK)
  }
  out[colon] = COLON
  return colon + 1
}

function putHex(out: Uint8Array, at: number, value: number): void {
  for (let index = 0; index < HEX_WIDTH; index++) {
    out[at + index] = DIGITS[(value >>> (28 - 4 * index)) & 15] ?? 0
  }
}

type Stream = Omit<Identity, keyof MarkedMoment>

function prefixOf({ run, device, publish, qos, epoch }: Stream): string {
  // Four digits hold 1.6 million devices, so the streams of one fleet have tokens of one length.
  const name = `${device.toString(36).padStart(4, '0')}.${publish.toString(36)}.${qos}:${epoch.toString(36)}`
  return `${TOKEN_OPENING}${run.toString(16).padStart(8, '0')}:${name}:`
}

/** Length of the tokens of a stream; the QoS makes no difference. */
export function tokenLength(stream: Stream): number {
  return prefixOf(stream).length + TAIL_LENGTH
}

/** The marker as an ASCII token, for payloads that are text and for user properties. */
export class TokenMarker implements MarkerWriter {
  readonly length: number
  readonly #prefix: Buffer
  readonly #prefixCrc: number

  constructor(stream: Stream) {
    this.#prefix = Buffer.from(prefixOf(stream), 'latin1')
    this.#prefixCrc = crcOf(this.#prefix, 0, this.#prefix.length, 0)
    this.length = this.#prefix.length + TAIL_LENGTH
  }

  write(out: Uint8Array, at: number, payloadFrom: number, payloadTo: number, moment: MarkedMoment): void {
    const crc = crcAround(out, payloadFrom, payloadTo, at, at + this.length)
    const prefix = this.#prefix
    // A loop: for 25 bytes it is faster than the call of set().
    for (let index = 0; index < prefix.length; index++) out[at + index] = prefix[index] ?? 0
    const tail = at + prefix.length
    let to = putBase36(out, tail, SEQ_WIDTH, SEQ_LIMIT, moment.seq)
    to = putBase36(out, to, INTENDED_WIDTH, INTENDED_LIMIT, moment.intendedUs)
    to = putBase36(out, to, LAG_WIDTH, LAG_LIMIT, moment.sentLagUs)
    to = putBase36(out, to, LENGTH_WIDTH, LENGTH_LIMIT, payloadTo - payloadFrom)
    putHex(out, to, crc)
    to += HEX_WIDTH
    const tokenCrc = crcOf(out, tail, to, this.#prefixCrc)
    out[to] = COLON
    putHex(out, to + 1, tokenCrc)
    out[to + 1 + HEX_WIDTH] = TILDE
  }
}

// Where the field readers stand; -1 once a field was none. A variable of the module, so that no object is made per message.
let cursor = 0

function takeBase36(bytes: Uint8Array, closing: number): number {
  const from = cursor
  let value = 0
  if (from < 0) return 0
  for (let at = from; at <= from + MAX_DIGITS; at++) {
    const byte = bytes[at] ?? 0
    const digit = VALUES[byte] ?? -1
    if (digit < 0) {
      cursor = byte === closing && at > from ? at + 1 : -1
      return value
    }
    value = value * 36 + digit
  }
  cursor = -1
  return 0
}

function takeHex(bytes: Uint8Array, closing: number): number {
  const from = cursor
  if (from < 0) return 0
  let value = 0
  for (let at = from; at < from + HEX_WIDTH; at++) {
    const digit = VALUES[bytes[at] ?? 0] ?? -1
    if (digit < 0 || digit > 15) {
      cursor = -1
      return 0
    }
    value = (value << 4) | digit
  }
  cursor = bytes[from + HEX_WIDTH] === closing ? from + HEX_WIDTH + 1 : -1
  return value
}

/** Whether a token opens at `at`. */
export function opensToken(bytes: Uint8Array, at: number): boolean {
  for (let index = 0; index < OPENING.length; index++) if (bytes[at + index] !== OPENING[index]) return false
  return at >= 0
}

/** Reads the token that opens at `at`; false when its own checksum fails. */
export function readToken(bytes: Uint8Array, at: number, into: Sighting): boolean {
  cursor = at + OPENING.length
  const run = takeHex(bytes, COLON)
  const device = takeBase36(bytes, DOT)
  const publish = takeBase36(bytes, DOT)
  const qos = takeBase36(bytes, COLON)
  const epoch = takeBase36(bytes, COLON)
  const seq = takeBase36(bytes, COLON)
  const intendedUs = takeBase36(bytes, COLON)
  const sentLagUs = takeBase36(bytes, COLON)
  const payloadLength = takeBase36(bytes, COLON)
  const payloadCrc = takeHex(bytes, COLON)
  const covered = cursor - 1
  const tokenCrc = takeHex(bytes, TILDE)
  if (cursor < 0 || (qos !== 0 && qos !== 1 && qos !== 2)) return false
  if (crcOf(bytes, at, covered, 0) !== tokenCrc) return false
  into.run = run >>> 0
  into.device = device
  into.publish = publish
  into.qos = qos
  into.epoch = epoch
  into.seq = seq
  into.intendedUs = intendedUs
  into.sentLagUs = sentLagUs
  into.payloadLength = payloadLength
  into.payloadCrc = payloadCrc
  into.from = at
  into.to = cursor
  return true
}
