import { describe, expect, it } from 'vitest'
import { linkSchema } from '../profile/schema/link.ts'
import { linkOfSettings } from './link-of.ts'
import { FREE_LINK } from './model.ts'
import { PRESET_NAMES, presetOf } from './presets.ts'

function modelOf(input: unknown) {
  const [first] = linkSchema.parse(input)
  if (!first) throw new Error('no link')
  return linkOfSettings(first)
}

function complaintsOf(input: unknown): string[] {
  const { error } = linkSchema.safeParse(input)
  const flat = (issues: readonly { message: string; code?: string; errors?: unknown }[]): string[] =>
    issues.flatMap((issue) =>
      // A union tells the problems of each of its options.
      Array.isArray(issue.errors) ? issue.errors.flatMap((errors) => flat(errors)) : [issue.message],
    )
  return error ? flat(error.issues) : []
}

describe('a link setting', () => {
  it('reads the mix of the design: presets by weight, single values replaced', () => {
    const links = linkSchema.parse([
      { use: 'lte-m', weight: 70 },
      { use: 'nb-iot', weight: 30, up: { rate: '20kbit/s' } },
    ])
    const models = links.map(linkOfSettings)

    expect(links.map(({ weight }) => weight)).toEqual([70, 30])
    expect(models[0]).toEqual(presetOf('lte-m').model)
    expect(models[1]).toEqual({
      ...presetOf('nb-iot').model,
      up: { ...presetOf('nb-iot').model.up, rateBitS: 20_000 },
    })
  })

  it('without anything is a link that does nothing', () => {
    expect(modelOf({})).toEqual(FREE_LINK)
  })

  it('reads every value into the units of the model', () => {
    const up = {
      rate: '1.5Mbit/s',
      burst: '3KB',
      delay: '40ms',
      jitter: '5ms',
      distribution: 'pareto',
      correlation: '25%',
      loss: { meanGood: '10s', meanBad: '1s', bad: '50%' },
      queue: '200ms',
      mtu: '1400B',
      overhead: '52B',
    }
    const model = modelOf({
      up,
      promotion: { idle: '10s', delay: '2s' },
      dutyCycle: { every: '1m', awake: '5s' },
      nat: { idle: '5m', kind: 'reset' },
      outages: { schedule: [{ at: '2m', for: '30s' }] },
    })

    expect(model.up).toEqual({
      rateBitS: 1_500_000,
      burstBytes: 3_000,
      delayMs: 40,
      jitterMs: 5,
      distribution: 'pareto',
      correlation: 0.25,
      loss: { meanGoodMs: 10_000, meanBadMs: 1_000, goodShare: 0, badShare: 0.5 },
      queue: { ms: 200 },
      mtuBytes: 1_400,
      overheadBytes: 52,
    })
    expect(model.promotion).toEqual({ idleMs: 10_000, delayMs: 2_000 })
    expect(model.dutyCycle).toEqual({ everyMs: 60_000, awakeMs: 5_000 })
    expect(model.nat).toEqual({ idleMs: 300_000, kind: 'reset' })
    expect(model.outages).toEqual({ kind: 'blackhole', schedule: [{ atMs: 120_000, forMs: 30_000 }] })
  })

  it('takes loss and limits of a preset away when asked to', () => {
    const { up } = modelOf({ use: 'gprs', up: { loss: '0%', rate: 'unlimited' } })

    expect([up.loss, up.rateBitS]).toEqual([undefined, Number.POSITIVE_INFINITY])
  })

  it.each([
    [{ up: { rate: '0kbit/s' } }, 'at least "100bit/s"'],
    [{ up: { rate: '-5kbit/s' } }, 'is not a bit rate such as'],
    [{ up: { rate: 20 } }, 'is not a bit rate such as'],
    [{ up: { loss: '101%' } }, 'at most "100%"'],
    [{ up: { queue: '0B' } }, 'must be above zero'],
    [{ up: { mtu: '20B' } }, 'between "68B" and "65535B"'],
    [{ up: { distribution: { table: [1, 0] } } }, 'must ascend'],
    [{ dutyCycle: { every: '5s', awake: '5s' } }, 'must sleep'],
    [
      {
        outages: {
          schedule: [
            { at: '2s', for: '3s' },
            { at: '4s', for: '1s' },
          ],
        },
      },
      'apart from each other',
    ],
    [[{ use: 'lte-m', weight: 0 }], 'at least one weight must be above zero'],
    [{ use: 'lte' }, 'Invalid option'],
    [{ bandwith: '5kbit/s' }, 'Unrecognized key'],
  ])('refuses %j', (input, message) => {
    expect(complaintsOf(input).join('\n')).toContain(message)
  })
})

describe('presets', () => {
  it.each(PRESET_NAMES)('%s tells its numbers and their source', (name) => {
    const { label, source, model } = presetOf(name)

    expect(label).toContain('ms round trip')
    expect(source).toMatch(/\S.{10,}\.$/)
    expect(model.up.rateBitS).toBeGreaterThan(0)
    expect(label).toContain(`${model.up.delayMs + model.down.delayMs} ms`)
  })
})
