import { expect, it } from 'vitest'
import { EventLog } from './event-log.ts'

const REFUSED = { kind: 'connect-failed', text: 'ECONNREFUSED', closure: 'unreachable' } as const

it('counts equal events as one and remembers the first device', () => {
  const log = new EventLog()
  log.add(0, REFUSED, 'meters-1', 10)
  log.add(0, REFUSED, 'meters-2', 20)
  log.add(1, REFUSED, 'pumps-1', 30)

  const { events, dropped } = log.take()

  expect(events.map(({ fleet, count, device }) => ({ fleet, count, device }))).toEqual([
    { fleet: 0, count: 2, device: 'meters-1' },
    { fleet: 1, count: 1, device: 'pumps-1' },
  ])
  expect(dropped).toBe(0)
  expect(log.take().events).toEqual([])
})

it('counts what it has no room for', () => {
  const log = new EventLog()
  for (let kind = 0; kind < 150; kind += 1)
    log.add(0, { kind: 'rejected', text: String(kind) }, 'meters-1', 0)

  const { events, dropped } = log.take()

  expect(events.length + dropped).toBe(150)
  expect(dropped).toBeGreaterThan(0)
})
