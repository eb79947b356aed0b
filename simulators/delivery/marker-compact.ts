import { Buffer } from 'node:buffer'
import { crcAround, crcOf } from './marker-crc.ts'
import type { MarkedMoment, MarkerWriter, Sighting } from './marker-sighting.ts'
import type { Identity } from './types.ts'

/** How every compact marker begins; 0xfb and 0xfd occur in no UTF-8 text (RFC 3629 section 1). */
export const COMPACT_MAGIC = Buffer.from([0xfb, 0x46, 0x4c, 0xfd])
/** Length of a compact marker: before the end of a payload it is found as surely as at its beginning. */
export const COMPACT_LENGTH = 44

const VERSION = 1
const STREAM_LENGTH = 17
const OWN_CRC = COMPACT_LENGTH - 4
const MAX_U32 = 2 ** 32 - 1

function putNumber(out: Uint8Array, at: number, width: number, value: number): void {
  let rest = Math.min(Math.max(0, Math.floor(value)), 256 ** width - 1)
  for (let to = at + width - 1; to >= at; to--) {
    const high = Math.floor(rest / 256)
    out[to] = rest - high * 256
    rest = high
  }
}

function putInt32(out: Uint8Array, at: number, value: number): void {
  out[at] = value >>> 24
  out[at + 1] = value >>> 16
  out[at + 2] = value >>> 8
  out[at + 3] = value
}

function takeInt32(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] ?? 0) << 24) |
    ((bytes[at + 1] ?? 0) << 16) |
    ((bytes[at + 2] ?? 0) << 8) |
    (bytes[at + 3] ?? 0)
  )
}

/**
 * The marker in 44 bytes, big-endian, for binary payloads: magic 4, version 1, run 4, device 4, publish 1, qos 1,
 * epoch 2, seq 4, intendedUs 6, sentLagUs 5, payload length 4, payload CRC 4, CRC of all before it 4.
 */
export class CompactMarker implements MarkerWriter {
  readonly length = COMPACT_LENGTH
  readonly #stream: Uint8Array
  readonly #streamCrc: number

  constructor(stream: Omit<Identity, keyof MarkedMoment>) {
    const bytes = new Uint8Array(STREAM_LENGTH)
    bytes.set(COMPACT_MAGIC)
    bytes[4] = VERSION
    putNumber(bytes, 5, 4, stream.run)
    putNumber(bytes, 9, 4, stream.device)
    putNumber(bytes, 13, 1, stream.publish)
    putNumber(bytes, 14, 1, stream.qos)
    putNumber(bytes, 15, 2, stream.epoch)
    this.#stream = bytes
    this.#streamCrc = crcOf(bytes, 0, STREAM_LENGTH, 0)
  }

  write(out: Uint8Array, at: number, payloadFrom: number, payloadTo: number, moment: MarkedMoment): void {
    const crc = crcAround(out, payloadFrom, payloadTo, at, at + COMPACT_LENGTH)
    out.set(this.#stream, at)
    putInt32(out, at + 17, Math.min(moment.seq, MAX_U32))
    putNumber(out, at + 21, 6, moment.intendedUs)
    putNumber(out, at + 27, 5, moment.sentLagUs)
    putInt32(out, at + 32, payloadTo - payloadFrom)
    putInt32(out, at + 36, crc)
    putInt32(out, at + OWN_CRC, crcOf(out, at + STREAM_LENGTH, at + OWN_CRC, this.#streamCrc))
  }
}

/** Whether a compact marker opens at `at`. */
export function opensCompact(bytes: Uint8Array, at: number): boolean {
  for (let index = 0; index < COMPACT_MAGIC.length; index++) {
    if (bytes[at + index] !== COMPACT_MAGIC[index]) return false
  }
  return at >= 0
}

/** Reads the compact marker that opens at `at`; false when its own checksum fails. */
export function readCompact(bytes: Uint8Array, at: number, into: Sighting): boolean {
  const qos = bytes[at + 14]
  if (at + COMPACT_LENGTH > bytes.length || bytes[at + 4] !== VERSION) return false
  if (qos !== 0 && qos !== 1 && qos !== 2) return false
  if (crcOf(bytes, at, at + OWN_CRC, 0) !== takeInt32(bytes, at + OWN_CRC)) return false
  into.run = takeInt32(bytes, at + 5) >>> 0
  into.device = takeInt32(bytes, at + 9) >>> 0
  into.publish = bytes[at + 13] ?? 0
  into.qos = qos
  into.epoch = ((bytes[at + 15] ?? 0) << 8) | (bytes[at + 16] ?? 0)
  into.seq = takeInt32(bytes, at + 17) >>> 0
  into.intendedUs =
    (((bytes[at + 21] ?? 0) << 8) | (bytes[at + 22] ?? 0)) * 2 ** 32 + (takeInt32(bytes, at + 23) >>> 0)
  into.sentLagUs = (bytes[at + 27] ?? 0) * 2 ** 32 + (takeInt32(bytes, at + 28) >>> 0)
  into.payloadLength = takeInt32(bytes, at + 32) >>> 0
  into.payloadCrc = takeInt32(bytes, at + 36)
  into.from = at
  into.to = at + COMPACT_LENGTH
  return true
}
