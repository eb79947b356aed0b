import { describe, expect, it } from 'vitest'
import { createRandom } from '../plan/random.ts'
import { divideCell } from './cell-share.ts'
import { entryOf, spreadModel } from './mix.ts'
import { FREE_LANE } from './model.ts'
import { parseNetem } from './netem.ts'
import { presetOf } from './presets.ts'
import { THROTTLING_NAMES, throttlingOf } from './throttling.ts'

describe('a netem command', () => {
  it('becomes a lane', () => {
    const command =
      'tc qdisc add dev eth0 root netem delay 100ms 20ms 25% distribution normal loss 1% rate 1mbit'

    expect(parseNetem(command)).toEqual({
      lane: {
        ...FREE_LANE,
        delayMs: 100,
        jitterMs: 20,
        correlation: 0.25,
        distribution: 'normal',
        loss: { share: 0.01 },
        rateBitS: 1e6,
        overheadBytes: 66,
      },
      warnings: [],
      problems: [],
    })
  })

  it('has the units of tc: microseconds without a unit, bps for bytes', () => {
    const { lane } = parseNetem('delay 1500 rate 10kbps')

    expect([lane.delayMs, lane.rateBitS]).toEqual([1.5, 80_000])
  })

  it('says what is left out and why', () => {
    const { lane, warnings, problems } = parseNetem('loss gemodel 1% 20% reorder 5% 50% limit 1000')

    expect(lane.loss).toEqual({ meanGoodMs: 1_000, meanBadMs: 50, goodShare: 0, badShare: 1 })
    expect(warnings).toHaveLength(3)
    expect(problems).toEqual([])
  })

  it.each([
    ['delay soon', '"delay" without a time'],
    ['delay 10ms distribution gamma', '"gamma" is no distribution'],
    ['loss', '"loss" without a percentage'],
    ['rate 0mbit', '"rate" without a bit rate above zero'],
    ['bandwidth 5', '"bandwidth" is no word of netem'],
  ])('%j is told as a problem', (command, problem) => {
    expect(parseNetem(command).problems.join('\n')).toContain(problem)
  })
})

it.each(THROTTLING_NAMES)('the throttling %s is a link whose halves make its round trip', (name) => {
  const { label, model } = throttlingOf(name)

  expect(label).toMatch(/^(Chrome|Firefox|WebPageTest|Apple): /)
  expect(model.up.delayMs).toBe(model.down.delayMs)
  expect(model.up.rateBitS).toBeLessThanOrEqual(model.down.rateBitS)
})

describe('a mix', () => {
  it('gives any run of devices the shares that were asked for, and each device always the same', () => {
    const weights = [70, 0, 30]
    for (const [from, count] of [
      [0, 10],
      [0, 1_000],
      [37, 100],
    ] as const) {
      const entries = Array.from({ length: count }, (_, index) => entryOf(weights, from + index))

      expect(Math.abs(entries.filter((entry) => entry === 0).length - 0.7 * count)).toBeLessThanOrEqual(2)
      expect(entries).not.toContain(1)
      expect(entries).toEqual(Array.from({ length: count }, (_, index) => entryOf(weights, from + index)))
    }
    expect(entryOf([0, 0], 5)).toBe(-1)
  })

  it('spreads rates and delays around what is configured, and no further', () => {
    const { model } = presetOf('lte-m')
    const models = Array.from({ length: 1_000 }, (_, device) =>
      spreadModel(model, 0.1, createRandom(1, device)),
    )
    const rates = models.map(({ up }) => up.rateBitS / model.up.rateBitS)

    expect(Math.min(...rates)).toBeGreaterThan(0.9)
    expect(Math.max(...rates)).toBeLessThan(1.1)
    expect(rates.reduce((sum, rate) => sum + rate, 0) / 1_000).toBeCloseTo(1, 2)
    expect(new Set(rates).size).toBe(1_000)
    expect(spreadModel(model, 0, createRandom(1))).toBe(model)
  })
})

it('a cell across shards is divided by their active links, and never given twice', () => {
  const shares = divideCell(1e6, [{ activeLanes: 30 }, { activeLanes: 10 }, { activeLanes: 0 }])

  expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1e6, 6)
  expect((shares[0] ?? 0) / (shares[1] ?? 1)).toBeCloseTo(3, 9)
  expect(shares[2]).toBeGreaterThan(0)
})
