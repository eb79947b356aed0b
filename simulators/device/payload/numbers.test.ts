import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decimalsFor, MAX_NUMBER_BYTES, writeFixed, writeInteger } from './numbers.ts'

const out = Buffer.alloc(64)
const fixed = (value: number, decimals: number) =>
  out.toString('latin1', 0, writeFixed(out, 0, value, decimals))

describe('Numbers in payloads', () => {
  test('whole numbers are written as JavaScript writes them', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => {
        expect(out.toString('latin1', 0, writeInteger(out, 0, value))).toBe(String(value))
      }),
    )
  })

  test.each([
    [21.5, 2, '21.50'],
    [-0.25, 1, '-0.3'],
    [-0.001, 2, '0.00'],
    [0, 0, '0'],
    [999.999, 2, '1000.00'],
    [0.1, 15, '0.100000000000000'],
    [1e21, 2, '1e+21'],
    [123_456_789_012, 3, '123456789012.000'],
    [Number.POSITIVE_INFINITY, 2, '1.7976931348623157e+308'],
    [Number.NaN, 1, '0.0'],
  ])('%d with %d decimals is %s', (value, decimals, text) => {
    expect(fixed(value, decimals)).toBe(text)
  })

  test('any value is a JSON number near it, no longer than promised', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), fc.nat(15), (value, decimals) => {
        const text = fixed(value, decimals)
        const near = Math.min(Math.max(value, -Number.MAX_VALUE), Number.MAX_VALUE)
        expect(text.length).toBeLessThanOrEqual(MAX_NUMBER_BYTES)
        const tolerance = 0.5000001 * 10 ** -decimals + Math.abs(near) * 1e-15
        expect(Math.abs(JSON.parse(text) - near)).toBeLessThanOrEqual(tolerance)
      }),
      { numRuns: 1_000 },
    )
  })

  test('decimals show steps of the finest number', () => {
    expect(decimalsFor([18, 24])).toBe(2)
    expect(decimalsFor([21, 0.2])).toBe(3)
    expect(decimalsFor([0.0005, 1e9])).toBe(6)
    expect(decimalsFor([1e-300, 0])).toBe(15)
  })
})
