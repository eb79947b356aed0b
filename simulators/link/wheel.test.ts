import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Timed, Wheel } from './wheel.ts'

/** Records when it is called, and with which time. */
class Recorder implements Timed {
  readonly calls: { dueMs: number; node: number }[] = []
  due(dueMs: number, node: number): void {
    this.calls.push({ dueMs, node })
  }
}

/** From less than a tick to beyond the whole wheel, which is about 35 minutes long. */
const anyDelayMs = fc.oneof(
  fc.double({ min: 0, max: 3, noNaN: true }),
  fc.double({ min: 0, max: 5_000, noNaN: true }),
  fc.double({ min: 0, max: 10_000_000, noNaN: true }),
)

describe('a timing wheel', () => {
  it('calls each node once, at its own time and in order, however it is advanced', () => {
    fc.assert(
      fc.property(
        fc.array(anyDelayMs, { minLength: 1, maxLength: 60 }),
        fc.array(anyDelayMs, { maxLength: 20 }),
        (dues, stops) => {
          const wheel = new Wheel()
          const recorder = new Recorder()
          for (const dueMs of dues) wheel.set(wheel.add(recorder), dueMs)
          for (const stopMs of [...stops.sort((a, b) => a - b), 20_000_000]) wheel.advance(stopMs)

          expect(recorder.calls.map(({ dueMs }) => dueMs)).toEqual([...dues].sort((a, b) => a - b))
          expect(recorder.calls.every(({ dueMs, node }) => dues[node] === dueMs)).toBe(true)
          expect(wheel.nextDueMs).toBe(Number.POSITIVE_INFINITY)
        },
      ),
    )
  })

  it('never calls before the time, and says no later time than the next one is', () => {
    fc.assert(
      fc.property(fc.array(anyDelayMs, { minLength: 1, maxLength: 30 }), anyDelayMs, (dues, stopMs) => {
        const wheel = new Wheel()
        const recorder = new Recorder()
        for (const dueMs of dues) wheel.set(wheel.add(recorder), dueMs)
        const nextMs = wheel.advance(stopMs)

        expect(recorder.calls.length).toBe(dues.filter((dueMs) => dueMs <= stopMs).length)
        const later = dues.filter((dueMs) => dueMs > stopMs)
        expect(nextMs).toBeLessThanOrEqual(Math.min(...later))
        expect(nextMs).toBeGreaterThan(stopMs)
      }),
    )
  })

  it('obeys the last setting of a node, and forgets a cancelled one', () => {
    const wheel = new Wheel()
    const recorder = new Recorder()
    const [moved, cancelled, removed] = [wheel.add(recorder), wheel.add(recorder), wheel.add(recorder)]
    for (const node of [moved, cancelled, removed]) wheel.set(node, 10)
    wheel.set(moved, 3_000)
    wheel.cancel(cancelled)
    wheel.remove(removed)
    wheel.advance(10_000)

    expect(recorder.calls).toEqual([{ dueMs: 3_000, node: moved }])
    expect(wheel.add(recorder)).toBe(removed)
  })

  it('gives events that events cause their own time and place', () => {
    const wheel = new Wheel()
    const seen: number[] = []
    const chain = { due: (dueMs: number) => seen.push(dueMs) < 6 && wheel.set(node, dueMs + 0.1) }
    const other = { due: (dueMs: number) => seen.push(dueMs) }
    const node = wheel.add(chain as Timed)
    wheel.set(node, 1)
    wheel.set(wheel.add(other as Timed), 1.25)
    wheel.advance(100)

    expect(seen.map((ms) => Math.round(ms * 100) / 100)).toEqual([1, 1.1, 1.2, 1.25, 1.3, 1.4])
  })

  it('starts before zero, as the clock of a run does', () => {
    const wheel = new Wheel(-5_000)
    const recorder = new Recorder()
    wheel.set(wheel.add(recorder), -4_999.5)
    wheel.set(wheel.add(recorder), 12)
    wheel.advance(20)

    expect(recorder.calls.map(({ dueMs }) => dueMs)).toEqual([-4_999.5, 12])
  })

  it('grows with its nodes and accounts for how late it was called', () => {
    const wheel = new Wheel()
    const recorder = new Recorder()
    for (let index = 0; index < 1_000; index += 1) wheel.set(wheel.add(recorder), index / 100)
    wheel.advance(10)
    const { count, p50Ms, p99Ms, maxMs } = wheel.lateness.summary()

    expect(recorder.calls).toHaveLength(1_000)
    expect([count, maxMs]).toEqual([1_000, 10])
    expect(p50Ms).toBeCloseTo(5, 1)
    expect(p99Ms).toBeCloseTo(9.9, 1)
    wheel.lateness.reset()
    expect(wheel.lateness.summary()).toEqual({ count: 0, meanMs: 0, p50Ms: 0, p99Ms: 0, maxMs: 0 })
  })
})
