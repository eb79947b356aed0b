import { describe, expect, it } from 'vitest'
import { quantile } from '../../tests/support/link-rig.ts'
import { createRandom } from '../plan/random.ts'
import { Jitter, normalShare } from './jitter.ts'
import { LossProcess } from './loss-process.ts'
import { type Distribution, FREE_LANE } from './model.ts'

const COUNT = 100_000

function draw(distribution: Distribution, correlation = 0): number[] {
  const jitter = new Jitter(createRandom(3))
  const lane = { ...FREE_LANE, delayMs: 1_000, jitterMs: 10, distribution, correlation }
  return Array.from({ length: COUNT }, () => (jitter.delayMs(lane) - 1_000) / 10)
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

/** Inverse distribution functions, in units of the jitter, written down apart from the code under test. */
const QUANTILES: [Distribution, (share: number) => number][] = [
  ['uniform', (share) => 2 * share - 1],
  [
    'normal',
    (share) => ({ 0.01: -2.3263, 0.25: -0.6745, 0.5: 0, 0.75: 0.6745, 0.99: 2.3263 })[share] ?? Number.NaN,
  ],
  ['pareto', (share) => Math.min(4, (4 / 3) * ((1 - share) ** (-1 / 3) - 1.5))],
  [{ table: [-1, 0, 0, 4] }, (share) => (share < 1 / 3 ? 3 * share - 1 : share < 2 / 3 ? 0 : 12 * share - 8)],
]

describe('jitter', () => {
  it.each(QUANTILES)('%j has the quantiles of its shape, correlated or not', (distribution, expected) => {
    for (const correlation of [0, 0.5]) {
      const values = draw(distribution, correlation)
      for (const share of [0.01, 0.25, 0.5, 0.75, 0.99])
        expect(Math.abs(quantile(values, share) - expected(share))).toBeLessThan(0.06)
    }
  })

  it('lognormal and paretonormal have a mean of about zero and a long tail to the right', () => {
    for (const distribution of ['lognormal', 'paretonormal'] as const) {
      const values = draw(distribution)

      expect(Math.abs(mean(values))).toBeLessThan(0.05)
      expect(quantile(values, 0.99)).toBeGreaterThan(2.5)
      expect(quantile(values, 0.01)).toBeGreaterThan(-1.2)
    }
  })

  it('neighbours resemble each other as far as was asked for', () => {
    const values = draw('normal', 0.6)
    const product = mean(values.slice(1).map((value, index) => value * (values[index] ?? 0)))

    expect(product).toBeCloseTo(0.6, 1)
  })

  it('never makes a delay negative', () => {
    const jitter = new Jitter(createRandom(4))
    const lane = { ...FREE_LANE, delayMs: 5, jitterMs: 50 }

    expect(Math.min(...Array.from({ length: 10_000 }, () => jitter.delayMs(lane)))).toBe(0)
  })

  it('knows the normal distribution', () => {
    expect(normalShare(0)).toBeCloseTo(0.5, 6)
    expect(normalShare(1.96)).toBeCloseTo(0.975, 4)
    expect(normalShare(-2.3263)).toBeCloseTo(0.01, 5)
  })
})

describe('loss', () => {
  it('takes the share that was asked for', () => {
    const losses = new LossProcess(createRandom(5))
    const lost = Array.from({ length: COUNT }, (_, ms) => losses.takes({ share: 0.02 }, ms)).filter(
      Boolean,
    ).length

    expect(Math.abs(lost / COUNT - 0.02)).toBeLessThan(0.002)
  })

  it('in bursts has spells of the mean length that was asked for, however many packets there are', () => {
    const loss = { meanGoodMs: 900, meanBadMs: 100, goodShare: 0, badShare: 1 }
    for (const everyMs of [1, 10]) {
      const losses = new LossProcess(createRandom(6))
      let lost = 0
      let spells = 0
      let wasLost = false
      for (let ms = 0; ms < 2_000_000; ms += everyMs) {
        const isLost = losses.takes(loss, ms)
        if (isLost) lost += everyMs
        if (isLost && !wasLost) spells += 1
        wasLost = isLost
      }

      expect(lost / 2_000_000).toBeCloseTo(0.1, 1)
      expect(Math.abs(lost / spells / 100 - 1)).toBeLessThan(0.15)
    }
  })
})
