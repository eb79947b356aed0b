import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Profile } from '../profile/profile.ts'
import { profileSchema } from '../profile/schema/profile.ts'
import { filterMatches } from './filters.ts'
import { connectionsFor, splitTopics } from './split.ts'
import { topicSources } from './topics.ts'

type FleetInput = { count: number; publish: { topic: string; rate?: string; marker?: 'none' }[] } & Record<
  string,
  unknown
>

function profileOf(...fleets: FleetInput[]): Profile {
  const parsed = profileSchema.parse({
    version: 1,
    fleets: fleets.map((fleet) => ({
      ...fleet,
      publish: fleet.publish.map((publish) => ({ rate: '1/s', ...publish })),
    })),
  })
  return {
    ...parsed,
    name: 'test',
    stages: parsed.stages ?? [],
    fleets: parsed.fleets.map((fleet, index) => ({ ...fleet, name: fleet.name ?? `fleet${index + 1}` })),
  }
}

const split = (profile: Profile, connections: number) => splitTopics(topicSources(profile, 7), connections)

describe('splitting topics over connections', () => {
  it('subscribes through wildcards when one connection is enough', () => {
    expect(split(profileOf({ count: 3, publish: [{ topic: 't/{{device}}' }] }), 1)).toEqual([['t/+']])
  })

  it('hands single topics to several connections when they are known beforehand', () => {
    const shares = split(profileOf({ count: 100, publish: [{ topic: 't/{{index}}' }] }), 2)
    expect(shares.flat().sort()).toEqual(Array.from({ length: 100 }, (_, index) => `t/${index}`).sort())
    for (const share of shares) expect(share.length).toBeGreaterThan(20)
  })

  it('keeps a filter whole whose topics change from message to message', () => {
    const shares = split(
      profileOf({ count: 5, publish: [{ topic: 'a/{{seq}}' }, { topic: 'b/{{seq}}' }] }),
      4,
    )
    expect(shares).toEqual([['a/+'], ['b/+']])
  })

  it('falls back to one connection when nothing can be split', () => {
    expect(split(profileOf({ count: 5, publish: [{ topic: 'all' }] }), 3)).toEqual([['all']])
  })

  it('leaves out what carries no marker', () => {
    expect(
      split(profileOf({ count: 5, publish: [{ topic: 'a' }, { topic: 'b', marker: 'none' }] }), 1),
    ).toEqual([['a']])
  })

  it('takes a slash in a client id for what it is', () => {
    const profile = profileOf({ count: 2, clientId: 'site/{{index}}', publish: [{ topic: 'x/%c/y' }] })
    expect(split(profile, 1)).toEqual([['x/#']])
    expect(split(profile, 2).flat().sort()).toEqual(['x/site/0/y', 'x/site/1/y'])
  })

  it('says so when no wildcard can reach a topic', () => {
    const profile = profileOf({ count: 2, publish: [{ topic: '$meter{{index}}/x' }] })
    expect(() => topicSources(profile, 7)).toThrow(/wildcards do not reach/)
    expect(split(profileOf({ count: 2, publish: [{ topic: '$meters/{{index}}' }] }), 1)).toEqual([
      ['$meters/+'],
    ])
  })

  it('every topic of every device is selected by exactly one filter of exactly one connection', () => {
    const level = fc.constantFrom(
      'a',
      'b',
      '',
      '{{device}}',
      'x-{{index}}',
      '%c',
      '{{seq}}',
      '{{uniform 0 9 0}}',
    )
    const topic = fc.array(level, { minLength: 1, maxLength: 4 }).map((levels) => levels.join('/') || 'a')
    const fleet = fc.record({
      count: fc.integer({ min: 1, max: 12 }),
      clientId: fc.constantFrom('c{{index}}', 'c/{{index}}'),
      publish: fc.array(fc.record({ topic }), { minLength: 1, maxLength: 4 }),
    })
    fc.assert(
      fc.property(
        fc.array(fleet, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1, max: 5 }),
        (fleets, n) => {
          const profile = profileOf(...fleets)
          const shares = split(profile, n)
          for (const [number, given] of profile.fleets.entries()) {
            for (let index = 0; index < given.count; index += 1) {
              for (const publish of given.publish) {
                const concrete = publish.topic
                  .replaceAll('{{device}}', `fleet${number + 1}-${index}`)
                  .replaceAll('{{index}}', String(index))
                  .replaceAll('%c', given.clientId.replace('{{index}}', String(index)))
                  .replaceAll(/\{\{(seq|uniform 0 9 0)\}\}/g, '4')
                const hits = shares.flat().filter((filter) => filterMatches(filter, concrete)).length
                if (hits !== 1) return false
              }
            }
          }
          return shares.length <= n
        },
      ),
      { numRuns: 500 },
    )
  })
})

describe('the number of connections', () => {
  it('is one up to 30,000 messages a second and grows with the plan, not without end', () => {
    const at = (rate: string, count: number) =>
      connectionsFor(topicSources(profileOf({ count, publish: [{ topic: 't/%i', rate }] }), 1))
    expect(at('10/s', 1_000)).toBe(1)
    expect(at('30/s', 1_000)).toBe(1)
    expect(at('50/s', 1_000)).toBe(2)
    expect(at('900/s', 1_000)).toBe(8)
  })
})
