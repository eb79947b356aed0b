import { crcAround } from './marker-crc.ts'
import type { Identity } from './types.ts'

/** What of a marker changes from message to message. */
export type MarkedMoment = Pick<Identity, 'seq' | 'intendedUs' | 'sentLagUs'>

/** What a marker says and where it stood. Reused from message to message; only valid after a reading that names a message. */
export interface Sighting extends Identity {
  /** Length that the whole payload had when it was sent. */
  payloadLength: number
  /** CRC-32 of that payload without the marker, as a signed 32-bit integer. */
  payloadCrc: number
  /** The marker is bytes[from..to) of the payload; both -1 when it came in a user property. */
  from: number
  to: number
}

/**
 * `payload-damaged`: the marker names a message, and the payload is not the one that was sent.
 * `marker-damaged`: a marker begins here and its own checksum fails, so that it names no message.
 */
export type Reading = 'intact' | 'payload-damaged' | 'marker-damaged' | 'absent'

/** Writes the marker of one stream in one form. */
export interface MarkerWriter {
  /** Always the same, so that payload sizes do not depend on sequence numbers. */
  readonly length: number
  /** Writes at `at`, once the payload out[payloadFrom..payloadTo) stands; a marker inside it is left out of its checksum. */
  write(out: Uint8Array, at: number, payloadFrom: number, payloadTo: number, moment: MarkedMoment): void
}

/** An empty sighting to read into. */
export function createSighting(): Sighting {
  return {
    run: 0,
    device: 0,
    publish: 0,
    qos: 0,
    epoch: 0,
    seq: 0,
    intendedUs: 0,
    sentLagUs: 0,
    payloadLength: 0,
    payloadCrc: 0,
    from: -1,
    to: -1,
  }
}

/** Whether the payload is the one that the sighted marker was made for. */
export function matchesPayload(payload: Uint8Array, seen: Sighting): boolean {
  if (payload.length !== seen.payloadLength) return false
  return crcAround(payload, 0, payload.length, seen.from, seen.to) === seen.payloadCrc
}
