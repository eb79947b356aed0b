import { Buffer } from 'node:buffer'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MarkerReader, readMarker, readUserProperty } from './marker.ts'
import { COMPACT_LENGTH, COMPACT_MAGIC, CompactMarker } from './marker-compact.ts'
import { crcAround, crcOf } from './marker-crc.ts'
import { createSighting, type MarkerWriter } from './marker-sighting.ts'
import { TokenMarker } from './marker-token.ts'
import type { Identity } from './types.ts'

const FORMS = [
  ['token', TokenMarker],
  ['compact', CompactMarker],
] as const

const identity = fc.record<Identity>({
  run: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  device: fc.integer({ min: 0, max: 64_000_000 }),
  publish: fc.integer({ min: 0, max: 63 }),
  qos: fc.constantFrom(0, 1, 2),
  epoch: fc.integer({ min: 0, max: 65_535 }),
  seq: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  intendedUs: fc.integer({ min: 0, max: 36 ** 9 - 1 }),
  sentLagUs: fc.integer({ min: 0, max: 2 ** 40 - 1 }),
})
const bytes = fc.uint8Array({ maxLength: 600 })
/** Text whose bytes open no marker by chance. */
const surroundings = fc.tuple(bytes, bytes)

const SOME: Identity = {
  run: 0xdeadbeef,
  device: 77,
  publish: 3,
  qos: 1,
  epoch: 2,
  seq: 123_456,
  intendedUs: 61_000_250,
  sentLagUs: 1_500,
}

function payloadWith(marker: MarkerWriter, before: Uint8Array, after: Uint8Array, moment: Identity): Buffer {
  const payload = Buffer.concat([before, Buffer.alloc(marker.length), after])
  marker.write(payload, before.length, 0, payload.length, moment)
  return payload
}

function changed(payload: Uint8Array, at: number, by: number): Buffer {
  const copy = Buffer.from(payload)
  copy[at] = (copy[at] ?? 0) ^ by
  return copy
}

describe.each(FORMS)('The %s marker', (_form, Marker) => {
  test('names the message again that it was written for, wherever it stands', () => {
    fc.assert(
      fc.property(identity, surroundings, (id, [before, after]) => {
        const payload = payloadWith(new Marker(id), before, after, id)
        const seen = createSighting()
        expect(readMarker(payload, seen)).toBe('intact')
        expect(seen).toMatchObject(id)
        expect(seen).toMatchObject({ from: before.length, payloadLength: payload.length })
      }),
    )
  })

  test('has one length for all messages of a stream and for all devices of most fleets', () => {
    const some = new Marker(SOME)
    for (const device of [0, 9_999, 1_679_615])
      expect(new Marker({ ...SOME, device }).length).toBe(some.length)
    const payload = payloadWith(some, Buffer.alloc(0), Buffer.alloc(0), { ...SOME, seq: 2 ** 32 - 1 })
    expect(readMarker(payload, createSighting())).toBe('intact')
  })

  test('gives away every change of a single byte, in the payload and in itself', () => {
    const id = fc.sample(identity, 1)[0] ?? SOME
    const payload = payloadWith(new Marker(id), Buffer.from('{"a":1,"_fl":"'), Buffer.from('"}'), id)
    const from = 14
    const to = payload.length - 2
    for (let at = 0; at < payload.length; at++) {
      for (let by = 1; by < 256; by++) {
        const reading = readMarker(changed(payload, at, by), createSighting())
        if (at < from || at >= to) expect(reading).toBe('payload-damaged')
        else expect(reading).toBe(at < from + (Marker === TokenMarker ? 5 : 4) ? 'absent' : 'marker-damaged')
      }
    }
  })

  test('gives away a payload that was cut or grew', () => {
    const payload = payloadWith(new Marker(SOME), Buffer.from('abc '), Buffer.from(' def'), SOME)
    const seen = createSighting()
    expect(readMarker(payload.subarray(0, -1), seen)).toBe('payload-damaged')
    expect(readMarker(Buffer.concat([payload, Buffer.from('x')]), seen)).toBe('payload-damaged')
    expect(seen).toMatchObject(SOME)
    expect(readMarker(payload.subarray(0, 20), seen)).toBe('marker-damaged')
  })

  test('keeps out of the way of what a payload quotes: the first intact marker wins', () => {
    const stale = payloadWith(new Marker({ ...SOME, run: 1 }), Buffer.alloc(0), Buffer.alloc(0), SOME)
    const payload = payloadWith(new Marker(SOME), Buffer.concat([Buffer.from('~fl1:'), stale]), stale, SOME)
    const seen = createSighting()
    expect(readMarker(payload, seen)).toBe('intact')
    expect(seen).toMatchObject(SOME)
  })

  test('clamps a lag that does not fit and a time before the run', () => {
    const odd = { ...SOME, intendedUs: -5, sentLagUs: 1e15 }
    const seen = createSighting()
    expect(readMarker(payloadWith(new Marker(odd), Buffer.alloc(3), Buffer.alloc(3), odd), seen)).toBe(
      'intact',
    )
    expect(seen.intendedUs).toBe(0)
    expect(seen.sentLagUs).toBeGreaterThanOrEqual(2 ** 40 - 1)
  })

  test('is found by one reader in payloads of any kind and order', () => {
    const reader = new MarkerReader()
    fc.assert(
      fc.property(
        identity,
        surroundings,
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (id, around, spot, by) => {
          const payload = payloadWith(new Marker(id), around[0], around[1], id)
          const [seen, again] = [createSighting(), createSighting()]
          expect(reader.read(payload, seen)).toBe('intact')
          expect(reader.read(payload, seen)).toBe('intact')
          expect(seen).toMatchObject(id)
          const damaged = changed(payload, spot % payload.length, by)
          expect(reader.read(damaged, seen)).toBe(readMarker(damaged, again))
        },
      ),
    )
  })
})

describe('The token', () => {
  test('is made of characters that JSON, XML, CSV and URLs leave alone', () => {
    fc.assert(
      fc.property(identity, (id) => {
        const payload = payloadWith(new TokenMarker(id), Buffer.alloc(0), Buffer.alloc(0), id)
        expect(payload.toString('latin1')).toMatch(/^~fl1:[A-Za-z0-9._:-]+~$/)
      }),
    )
  })

  test('reads as its form says', () => {
    const around = Buffer.from('temperature 21.5 ')
    const payload = payloadWith(new TokenMarker(SOME), around, Buffer.alloc(0), SOME).toString('latin1')
    const covered =
      /^temperature 21\.5 (~fl1:deadbeef:0025\.3\.1:2:0002n9c:00010bg3e:0000015o:00002m:([0-9a-f]{8})):([0-9a-f]{8})~$/
    const [, token, payloadCrc, tokenCrc] = covered.exec(payload) ?? []
    expect(payloadCrc).toBe(crc32(around).toString(16).padStart(8, '0'))
    expect(tokenCrc).toBe(
      crc32(token ?? '')
        .toString(16)
        .padStart(8, '0'),
    )
  })

  test('is read at any width of its fields', () => {
    const body = '~fl1:0000002a:1.0.0:0:5:64:0:36:00000000'
    const token = `${body}:${crc32(body).toString(16).padStart(8, '0')}~`
    const seen = createSighting()
    expect(readMarker(Buffer.from(token), seen)).toBe('payload-damaged')
    expect(seen).toMatchObject({ run: 42, device: 1, publish: 0, qos: 0, epoch: 0, seq: 5, intendedUs: 220 })
  })

  test('in a user property covers the whole payload', () => {
    fc.assert(
      fc.property(identity, fc.uint8Array({ minLength: 1, maxLength: 600 }), (id, payload) => {
        const marker = new TokenMarker(id)
        const packet = Buffer.concat([Buffer.alloc(marker.length), payload])
        marker.write(packet, 0, marker.length, packet.length, id)
        const value = packet.toString('latin1', 0, marker.length)
        const seen = createSighting()
        expect(readUserProperty(value, payload, seen)).toBe('intact')
        expect(seen).toMatchObject({ ...id, from: -1 })
        expect(readUserProperty(value, changed(payload, 0, 1), seen)).toBe('payload-damaged')
        expect(readUserProperty(value.replace('.', ':'), payload, seen)).toBe('marker-damaged')
        expect(readUserProperty(value.slice(1), payload, seen)).toBe('absent')
      }),
    )
  })
})

describe('Reading', () => {
  test('answers for any bytes and never throws', () => {
    const reader = new MarkerReader()
    const opening = fc.constantFrom(Buffer.from('~fl1:'), Buffer.from('~fl1:0000'), COMPACT_MAGIC)
    fc.assert(
      fc.property(fc.array(fc.oneof(bytes, opening), { maxLength: 30 }), fc.string(), (parts, text) => {
        const payload = Buffer.concat(parts)
        expect(['absent', 'marker-damaged']).toContain(reader.read(payload, createSighting()))
        expect(readUserProperty(text, payload, createSighting())).toBe('absent')
      }),
      { numRuns: 500 },
    )
  })

  test('finds nothing in an empty payload', () => {
    expect(readMarker(new Uint8Array(0), createSighting())).toBe('absent')
  })

  test('takes the last named message of a damaged payload, as markers are put at the end', () => {
    const moment = { ...SOME, seq: 9 }
    const stale = payloadWith(new TokenMarker({ ...SOME, run: 1 }), Buffer.alloc(0), Buffer.alloc(0), SOME)
    const payload = payloadWith(new TokenMarker(SOME), stale, Buffer.from('"}'), moment)
    const seen = createSighting()
    expect(readMarker(changed(payload, payload.length - 1, 1), seen)).toBe('payload-damaged')
    expect(seen).toMatchObject(moment)
  })

  test('is not held up by a payload full of openings', () => {
    const marker = new CompactMarker(SOME)
    const payload = payloadWith(marker, Buffer.alloc(50_000, '~fl1:'), Buffer.alloc(0), SOME)
    expect(readMarker(payload, createSighting())).toBe('intact')
    expect(payload.length).toBe(50_000 + COMPACT_LENGTH)
  })
})

describe('The checksum', () => {
  test('is CRC-32 as zlib has it, in one part and around a cut', () => {
    fc.assert(
      fc.property(bytes, fc.nat(600), fc.nat(600), (data, one, other) => {
        const from = Math.min(one, other, data.length)
        const to = Math.min(Math.max(one, other), data.length)
        expect(crcOf(data, 0, data.length, 0) >>> 0).toBe(crc32(data))
        const rest = Buffer.concat([data.subarray(0, from), data.subarray(to)])
        expect(crcAround(data, 0, data.length, from, to) >>> 0).toBe(crc32(rest))
      }),
    )
  })
})
