import { describe, expect, it } from 'vitest'
import { createDrain, type Drain, type DrainReading } from './drain.ts'

const settings = { graceMs: 10_000, quietMs: 2_000 }

function reading(nowMs: number, changes: Partial<DrainReading> = {}): DrainReading {
  return {
    nowMs,
    lastArrivalMs: 60_000,
    expectedAtMost: 100,
    delivered: 99,
    observerHealthy: true,
    ...changes,
  }
}

/** A drain that began at 60 s, when the last message was published and seen. */
function begun(): Drain {
  const drain = createDrain(settings)
  drain.quiesce()
  drain.begin(60_000)
  return drain
}

describe('a drain', () => {
  it('waits while the run goes on and while messages are in flight', () => {
    const drain = createDrain(settings)
    expect(drain.step(reading(200_000)).state).toBe('run')
    drain.quiesce()
    expect(drain.step(reading(200_000)).state).toBe('quiesce')
    drain.begin(200_000)
    expect(drain.step(reading(200_000)).state).toBe('drain')
  })

  it('ends after a second of quiet once everything expected has been seen', () => {
    const drain = begun()
    expect(drain.step(reading(60_500, { delivered: 100 }))).toEqual({
      state: 'drain',
      settled: false,
      remainingMs: 500,
    })
    expect(drain.step(reading(61_000, { delivered: 100 }))).toEqual({
      state: 'verdict',
      settled: true,
      remainingMs: 0,
    })
  })

  it('is not content with more messages than were sent: some of them are phantoms', () => {
    const drain = begun()
    expect(drain.step(reading(61_000, { delivered: 101 })).state).toBe('drain')
    expect(drain.step(reading(70_000, { delivered: 101 }))).toMatchObject({ state: 'verdict', settled: true })
  })

  it('waits for quiet after a copy that follows the last expected message', () => {
    const drain = begun()
    expect(drain.step(reading(61_000, { delivered: 100, lastArrivalMs: 60_800 })).state).toBe('drain')
    expect(drain.step(reading(61_800, { delivered: 100, lastArrivalMs: 60_800 })).state).toBe('verdict')
  })

  it('gives what is missing the whole grace', () => {
    const drain = begun()
    expect(drain.step(reading(69_999))).toEqual({ state: 'drain', settled: false, remainingMs: 1 })
    expect(drain.step(reading(70_000))).toMatchObject({ state: 'verdict', settled: true })
  })

  it('begins the grace anew with each late arrival', () => {
    const drain = begun()
    expect(drain.step(reading(70_000, { lastArrivalMs: 69_000 }))).toMatchObject({
      state: 'drain',
      remainingMs: 9_000,
    })
    expect(drain.step(reading(79_000, { lastArrivalMs: 69_000 })).state).toBe('verdict')
  })

  it('begins the grace anew when the observer has recovered', () => {
    const drain = begun()
    drain.step(reading(68_000, { observerHealthy: false }))
    expect(drain.step(reading(70_000)).state).toBe('drain')
    expect(drain.step(reading(78_000))).toMatchObject({ state: 'verdict', settled: true })
  })

  it('does not end well while the observer cannot see', () => {
    const drain = begun()
    const blind = { observerHealthy: false, delivered: 100 }
    expect(drain.step(reading(61_000, blind))).toEqual({
      state: 'drain',
      settled: false,
      remainingMs: 20_000,
    })
    expect(drain.step(reading(80_999, blind))).toEqual({ state: 'drain', settled: false, remainingMs: 1 })
    expect(drain.step(reading(81_000, blind))).toEqual({ state: 'verdict', settled: false, remainingMs: 0 })
  })

  it('waits for an observer that sees now and then, but not for ever', () => {
    const drain = begun()
    for (let nowMs = 60_000; nowMs < 160_000; nowMs += 5_000)
      expect(drain.step(reading(nowMs, { observerHealthy: nowMs % 10_000 === 0 })).state).toBe('drain')
    expect(drain.step(reading(160_000, { observerHealthy: false })).state).toBe('verdict')
  })

  it('gives up on arrivals that never cease, unsettled', () => {
    const drain = begun()
    for (let nowMs = 60_000; nowMs < 160_000; nowMs += 500)
      expect(drain.step(reading(nowMs, { lastArrivalMs: nowMs })).state).toBe('drain')
    expect(drain.step(reading(160_000, { lastArrivalMs: 160_000 }))).toMatchObject({
      state: 'verdict',
      settled: false,
    })
  })

  it('keeps its verdict', () => {
    const drain = begun()
    drain.step(reading(70_000))
    expect(drain.step(reading(71_000, { lastArrivalMs: 70_900 }))).toMatchObject({
      state: 'verdict',
      settled: true,
    })
  })
})
