import { expect, it } from 'vitest'
import { interleave, median, medianRatio } from './rounds.ts'

it('takes the middle value, whatever the order', () => {
  expect([median([3, 1, 2]), median([4, 1, 3, 2]), median([7]), median([])]).toEqual([2, 2.5, 7, Number.NaN])
})

it('runs the contestants in turn and lets nobody always be first', async () => {
  const order: string[] = []
  const run = (name: string): [string, () => Promise<number>] => [name, async () => order.push(name)]

  const results = await interleave(new Map([run('a'), run('b')]), 3)

  expect(order).toEqual(['a', 'b', 'b', 'a', 'a', 'b'])
  expect(results.get('a')).toHaveLength(3)
})

it('compares round by round, so that a slow round disturbs no ratio', () => {
  const ratio = medianRatio([1, 10, 2], [2, 20, 4], (value) => value)

  expect(ratio).toBe(0.5)
})
