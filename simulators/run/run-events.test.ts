import { expect, it } from 'vitest'
import type { EventCount } from './messages.ts'
import { RunEvents } from './run-events.ts'

function failed(text: string, count: number, firstMs: number): EventCount {
  return { fleet: 0, kind: 'connect-failed', closure: 'refused', text, count, firstMs, device: 'meters-0' }
}

it('keeps equal events of one second as one line', () => {
  const events = new RunEvents(['meters'], () => undefined)
  events.addCounts([failed('not authorised (0x87)', 3, 100)], 0)
  events.addCounts([failed('not authorised (0x87)', 2, 600)], 0)
  events.addCounts([failed('not authorised (0x87)', 1, 2_000)], 0)

  expect(events.list.map(({ tMs, count, fleet }) => ({ tMs, count, fleet }))).toEqual([
    { tMs: 100, count: 5, fleet: 'meters' },
    { tMs: 2_000, count: 1, fleet: 'meters' },
  ])
})

it('counts what it has no room for, and every reason all the same', () => {
  const events = new RunEvents(['meters'], () => undefined)
  for (let n = 0; n < 1_500; n += 1) events.addCounts([failed(`reason ${n}`, 1, n)], 2)

  const reasons = Object.values(events.reasons(0)).reduce((sum, count) => sum + count, 0)

  expect(events.list.length).toBe(1_000)
  expect(events.dropped).toBe(500 + 3_000)
  expect(reasons).toBe(1_500)
})

it('names the most frequent failure', () => {
  const events = new RunEvents(['meters'], () => undefined)
  events.addCounts([failed('timeout', 2, 0), failed('not authorised (0x87)', 3, 0)], 0)

  expect(events.mainFailure).toMatchObject({ closure: 'refused', text: 'not authorised (0x87)' })
})
