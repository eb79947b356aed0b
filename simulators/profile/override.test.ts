import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AppError } from '../errors.ts'
import { applyOverrides } from './override.ts'

const source = {
  version: 1,
  fleets: [
    { count: 1, publish: [{ topic: 't', every: '1s' }] },
    { name: 'meters', count: 2 },
  ],
  thresholds: ['lost == 0'],
}

function refusal(override: string): string {
  try {
    applyOverrides(source, [override])
    return 'accepted'
  } catch (error) {
    return error instanceof AppError && error.code === 'BAD_USAGE' ? error.message : String(error)
  }
}

describe('a setting on the command line', () => {
  it('changes one value, JSON or text, and leaves the source alone', () => {
    const before = structuredClone(source)

    const changed = applyOverrides(source, [
      'fleets[0].count=10',
      'fleets.meters.count=20',
      'fleets.fleet1.publish[0].every=5s',
      'fleets.1.retain=true',
      'broker.url=mqtt://host:1883',
      'fleets[1].publish[0].topic=a=b',
      'thresholds[1]=rate >= 95% of target',
      'stages=[{"for":"1s"}]',
    ])

    expect(changed).toEqual({
      version: 1,
      fleets: [
        { count: 10, publish: [{ topic: 't', every: '5s' }] },
        { name: 'meters', count: 20, retain: true, publish: [{ topic: 'a=b' }] },
      ],
      thresholds: ['lost == 0', 'rate >= 95% of target'],
      broker: { url: 'mqtt://host:1883' },
      stages: [{ for: '1s' }],
    })
    expect(source).toEqual(before)
  })

  it.each([
    ['fleets', 'cannot set "fleets": it is no path=value'],
    ['=5', 'cannot set "=5": it is no path=value'],
    ['a..b=5', 'cannot set "a..b=5": it is no path=value'],
    [
      'fleets.metres.count=1',
      'cannot set "fleets.metres.count=1": nothing is named "metres"; did you mean "meters"?',
    ],
    ['fleets[9].count=1', 'cannot set "fleets[9].count=1": there are 2 entries, so [9] does not exist'],
    ['version.x=1', 'cannot set "version.x=1": "version" is a value, so nothing can be set inside it'],
    ['__proto__.x=1', 'cannot set "__proto__.x=1": the key "__proto__" is not allowed'],
    ['fleets[0].constructor=1', 'cannot set "fleets[0].constructor=1": the key "constructor" is not allowed'],
  ])('such as %s is refused with a reason', (override, message) => {
    expect(refusal(override)).toBe(message)
  })

  it('is set or refused, whatever it is, and never touches a prototype', () => {
    const segment = fc.constantFrom('fleets', 'meters', '[0]', '[1]', '.', '__proto__', 'prototype', 'x', '=')
    fc.assert(
      fc.property(fc.array(segment), fc.string(), (path, value) => {
        expect(refusal(`${path.join('')}=${value}`)).toMatch(/^(accepted|cannot set )/)
        expect(Object.keys(Object.prototype)).toEqual([])
      }),
    )
  })
})
