import { describe, expect, it } from 'vitest'
import { createQosMix, highestQos, qosShares } from './qos-mix.ts'
import { createRandom, PURPOSE } from './random.ts'

function draw(weights: readonly [number, number, number], count: number): number[] {
  const mix = createQosMix(weights, createRandom(1, 0, 0, 0, PURPOSE.qos))
  return Array.from({ length: count }, () => mix.next())
}

describe('a mix of QoS', () => {
  it('gives every message the one QoS of its entry', () => {
    const mix = createQosMix(2, createRandom(1))

    expect([mix.next(), mix.next(), mix.next()]).toEqual([2, 2, 2])
  })

  it('follows the weights', () => {
    const drawn = draw([70, 20, 10], 100_000)
    const shares = [0, 1, 2].map((qos) => drawn.filter((value) => value === qos).length / drawn.length)

    expect(shares[0]).toBeCloseTo(0.7, 2)
    expect(shares[1]).toBeCloseTo(0.2, 2)
    expect(shares[2]).toBeCloseTo(0.1, 2)
  })

  it('never draws a QoS of weight zero', () => {
    expect(new Set(draw([0.1, 0.2, 0], 10_000))).toEqual(new Set([0, 1]))
    expect(new Set(draw([0, 3, 4], 10_000))).toEqual(new Set([1, 2]))
    expect(new Set(draw([1, 0, 1], 10_000))).toEqual(new Set([0, 2]))
  })

  it('is the same for the same seed', () => {
    expect(draw([1, 1, 1], 100)).toEqual(draw([1, 1, 1], 100))
  })

  it('states shares and the highest QoS used', () => {
    expect(qosShares([1, 0, 3])).toEqual([0.25, 0, 0.75])
    expect([qosShares(1), highestQos(1)]).toEqual([[0, 1, 0], 1])
    expect([highestQos([1, 0, 0]), highestQos([1, 1, 0]), highestQos([0, 0, 1])]).toEqual([0, 1, 2])
  })
})
