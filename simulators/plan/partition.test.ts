import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { devicesOf, isOf, shareOf, sizeOf, WHOLE } from './partition.ts'

const totals = fc.integer({ min: 0, max: 3_000 })
const counts = fc.integer({ min: 1, max: 40 })

/** Every local shard of every machine. */
function allShares(machines: number, shards: number) {
  return Array.from({ length: machines * shards }, (_, n) =>
    shareOf({ index: n % machines, count: machines }, { index: Math.floor(n / machines), count: shards }),
  )
}

describe('a partition', () => {
  it('puts every device into exactly one shard, whatever the machines and the shards on each', () => {
    fc.assert(
      fc.property(totals, counts, counts, (total, machines, shards) => {
        const all = allShares(machines, shards).flatMap((share) => [...devicesOf(total, share)])

        expect(all.sort((a, b) => a - b)).toEqual(Array.from({ length: total }, (_, device) => device))
      }),
      { numRuns: 50 },
    )
  })

  it('makes shares that differ by one device at most and know their size', () => {
    fc.assert(
      fc.property(totals, counts, counts, (total, machines, shards) => {
        const shares = allShares(machines, shards)
        const sizes = shares.map((share) => devicesOf(total, share).length)

        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
        expect(shares.map((share) => sizeOf(total, share))).toEqual(sizes)
      }),
      { numRuns: 50 },
    )
  })

  it('keeps the share of a share inside the share', () => {
    fc.assert(
      fc.property(totals, counts, counts, fc.nat(), fc.nat(), (total, machines, shards, a, b) => {
        const machine = { index: a % machines, count: machines }
        const local = shareOf(machine, { index: b % shards, count: shards })

        expect([...devicesOf(total, local)].every((device) => isOf(device, machine))).toBe(true)
      }),
    )
  })

  it('gives everything to the whole', () => {
    expect([...devicesOf(4, WHOLE)]).toEqual([0, 1, 2, 3])
  })
})
