import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseTemplate } from '../profile/template.ts'
import { disjointFilters, filterMatches, filterOfTemplate, filtersOverlap } from './filters.ts'

function filterOf(template: string, spans = false): string {
  const parsed = parseTemplate(template)
  if (!parsed.ok) throw new Error(parsed.message)
  return filterOfTemplate(parsed.parts, () => spans)
}

describe('the filter of a topic template', () => {
  it('is the topic itself when nothing varies', () => {
    expect(filterOf('plant/line3/state')).toBe('plant/line3/state')
    expect(filterOf('/')).toBe('/')
  })

  it('has + for every level that holds a variable', () => {
    expect(filterOf('site/{{device}}/telemetry')).toBe('site/+/telemetry')
    expect(filterOf('site/meter-%i-x/{{uniform 1 9}}')).toBe('site/+/+')
    expect(filterOf('{{device}}')).toBe('+')
    expect(filterOf('a{{device}}/{{seq}}b/')).toBe('+/+/')
  })

  it('ends in # at a variable that may span levels', () => {
    expect(filterOf('a/{{pick x/y z}}/b', true)).toBe('a/#')
    expect(filterOf('%c/b', true)).toBe('#')
  })
})

describe('matching', () => {
  it.each([
    ['a/b', 'a/b', true],
    ['a/b', 'a/b/c', false],
    ['a/+', 'a/b', true],
    ['a/+', 'a', false],
    ['a/+', 'a/', true],
    ['+/+', '/finance', true],
    ['a/#', 'a', true],
    ['a/#', 'a/b/c', true],
    ['#', 'a/b', true],
    ['#', '$SYS/x', false],
    ['+/x', '$SYS/x', false],
    ['$SYS/#', '$SYS/x', true],
  ])('%s selects %s: %s', (filter, topic, expected) => {
    expect(filterMatches(filter, topic)).toBe(expected)
  })
})

const level = fc.constantFrom('a', 'b', 'c', '', '$s')
const topics = fc.array(level, { minLength: 1, maxLength: 4 }).map((levels) => levels.join('/'))
const filters = fc
  .tuple(
    fc.array(fc.constantFrom('a', 'b', 'c', '', '$s', '+'), { minLength: 1, maxLength: 4 }),
    fc.boolean(),
  )
  .map(([levels, open]) => [...levels, ...(open ? ['#'] : [])].join('/'))

describe('disjoint filters', () => {
  it('merges filters that cross', () => {
    expect(disjointFilters(['a/+/c', 'a/b/+'])).toEqual(['a/+/+'])
  })

  it('drops a filter that another covers', () => {
    expect(disjointFilters(['a/b', 'a/#', 'a'])).toEqual(['a/#'])
  })

  it('leaves filters alone that share nothing', () => {
    expect(disjointFilters(['a/+', 'b/+', '$s/+', '+'])).toEqual(['a/+', 'b/+', '$s/+', '+'])
  })

  it('selects every topic that was selected before, through exactly one filter', () => {
    fc.assert(
      fc.property(fc.array(filters, { maxLength: 8 }), topics, (given, topic) => {
        const before = given.some((filter) => filterMatches(filter, topic))
        const after = disjointFilters(given).filter((filter) => filterMatches(filter, topic)).length
        return after <= 1 && (!before || after === 1)
      }),
      { numRuns: 2_000 },
    )
  })

  it('overlap means that some topic is selected by both', () => {
    fc.assert(
      fc.property(filters, filters, topics, (left, right, topic) =>
        filterMatches(left, topic) && filterMatches(right, topic) ? filtersOverlap(left, right) : true,
      ),
      { numRuns: 2_000 },
    )
  })
})
