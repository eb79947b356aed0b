import { Buffer } from 'node:buffer'
import { COMPACT_LENGTH, COMPACT_MAGIC, opensCompact, readCompact } from './marker-compact.ts'
import { matchesPayload, type Reading, type Sighting } from './marker-sighting.ts'
import { opensToken, readToken, TOKEN_OPENING } from './marker-token.ts'

/** Name of the MQTT 5 user property that carries the token. */
export const MARKER_PROPERTY = 'fl-id'

// A payload may quote any number of markers of other messages, each of which costs a checksum over all of it.
const MAX_NAMED = 16

const NEVER = -1

/**
 * Finds the marker in payloads, wherever it stands. It remembers where the last one stood, counted from either
 * end, because most payloads of a run are alike: keep one reader per source and the search costs nothing.
 */
export class MarkerReader {
  #fromStart = NEVER
  #fromEnd = NEVER

  /** Reads the marker of `payload` into `into`; the first intact one wins. Never throws. */
  read(payload: Uint8Array, into: Sighting): Reading {
    const { length } = payload
    if (this.#fromEnd > 0 && this.#isIntact(payload, length - this.#fromEnd, into)) return 'intact'
    if (this.#fromStart >= 0 && this.#isIntact(payload, this.#fromStart, into)) return 'intact'
    if (isIntactCompact(payload, 0, into) || isIntactCompact(payload, length - COMPACT_LENGTH, into)) {
      return 'intact'
    }
    const reading = scan(payload, into)
    if (reading === 'intact') {
      this.#fromStart = into.from
      this.#fromEnd = length - into.from
    }
    return reading
  }

  #isIntact(payload: Uint8Array, at: number, into: Sighting): boolean {
    return opensToken(payload, at) && readToken(payload, at, into) && matchesPayload(payload, into)
  }
}

function isIntactCompact(payload: Uint8Array, at: number, into: Sighting): boolean {
  return opensCompact(payload, at) && readCompact(payload, at, into) && matchesPayload(payload, into)
}

/** Looks at every place where a marker opens. Without an intact one the last that names a message wins: ours come last. */
function scan(payload: Uint8Array, into: Sighting): Reading {
  const bytes = asBuffer(payload)
  let reading: Reading = 'absent'
  let lastNamed = NEVER
  let named = 0
  let at = nextOpening(bytes, 0)
  while (at >= 0 && named < MAX_NAMED) {
    if (readAt(bytes, at, into)) {
      if (matchesPayload(bytes, into)) return 'intact'
      lastNamed = at
      named++
    } else if (reading === 'absent') reading = 'marker-damaged'
    at = nextOpening(bytes, at + 1)
  }
  if (lastNamed === NEVER) return reading
  readAt(bytes, lastNamed, into)
  return 'payload-damaged'
}

function nextOpening(bytes: Buffer, from: number): number {
  const token = bytes.indexOf(TOKEN_OPENING, from, 'latin1')
  const compact = bytes.indexOf(COMPACT_MAGIC, from)
  if (token < 0 || compact < 0) return Math.max(token, compact)
  return Math.min(token, compact)
}

function readAt(bytes: Buffer, at: number, into: Sighting): boolean {
  return opensToken(bytes, at) ? readToken(bytes, at, into) : readCompact(bytes, at, into)
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Reads one payload without a memory of earlier ones. */
export function readMarker(payload: Uint8Array, into: Sighting): Reading {
  return scan(payload, into)
}

/** Reads the token in the value of the user property `fl-id`, whose checksum covers the whole payload. */
export function readUserProperty(value: string, payload: Uint8Array, into: Sighting): Reading {
  // UTF-8 rather than latin1: no character may be cut down to one that a token could hold.
  const bytes = Buffer.from(value, 'utf8')
  const at = bytes.indexOf(TOKEN_OPENING, 0, 'latin1')
  if (at < 0) return 'absent'
  if (!readToken(bytes, at, into)) return 'marker-damaged'
  into.from = NEVER
  into.to = NEVER
  return matchesPayload(payload, into) ? 'intact' : 'payload-damaged'
}
