import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAX_LANES } from './lane-table.ts'
import { MAX_HOLES, OUTCOME, StreamLedger } from './stream-ledger.ts'

const NAMES = Object.keys(OUTCOME)

function feed(sequence: readonly number[]): { ledger: StreamLedger; outcomes: (string | undefined)[] } {
  const ledger = new StreamLedger()
  const outcomes = sequence.map((seq, index) => NAMES[ledger.on(seq, index * 10, 0)])
  return { ledger, outcomes }
}

function holesOf(ledger: StreamLedger): [number, number][] {
  return Array.from({ length: ledger.holeCount }, (_, index) => {
    const hole = ledger.hole(index)
    return [hole?.from ?? -1, hole?.to ?? -1]
  })
}

describe('a stream ledger', () => {
  it('finds 1 2 4 3 5 to be one reordered message, and nothing missing or doubled', () => {
    const { ledger, outcomes } = feed([0, 1, 3, 2, 4])
    expect(outcomes).toEqual(['inOrder', 'inOrder', 'gap', 'reordered', 'inOrder'])
    expect(ledger).toMatchObject({ distinct: 5, duplicates: 0, reordered: 1, maxExtent: 1, maxLateMs: 10 })
    expect(holesOf(ledger)).toEqual([])
  })

  it('finds 1 2 3 2 3 4 to be two duplicates in order, as QoS 1 allows', () => {
    const { ledger, outcomes } = feed([0, 1, 2, 1, 2, 3])
    expect(outcomes).toEqual(['inOrder', 'inOrder', 'inOrder', 'duplicate', 'duplicate', 'inOrder'])
    expect(ledger).toMatchObject({ distinct: 4, duplicates: 2, reordered: 0 })
  })

  it('keeps a first message that never came as a hole', () => {
    expect(holesOf(feed([1, 2]).ledger)).toEqual([[0, 0]])
  })

  it('counts a second copy of a reordered message as a duplicate', () => {
    expect(feed([0, 2, 1, 1]).outcomes).toEqual(['inOrder', 'gap', 'reordered', 'duplicate'])
  })

  it('gives the extent of RFC 4737, arrivals since the first greater number, not the distance in numbers', () => {
    expect(feed([0, 9, 1]).ledger.maxExtent).toBe(1)
    expect(feed([0, 2, 3, 4, 1]).ledger.maxExtent).toBe(3)
  })

  it('remembers between which two arrivals a missing message would have come in order', () => {
    const ledger = new StreamLedger()
    ledger.on(0, 100.9, 0)
    ledger.on(3, 250.5, 0)
    expect(ledger.hole(0)).toMatchObject({ from: 1, to: 2, sinceMs: 100, openedMs: 250.5 })
  })

  it('is not hurt by a number no device ever sent', () => {
    const { ledger, outcomes } = feed([0, 2 ** 32 - 1, 1, 1, 2 ** 32 - 1])
    expect(outcomes).toEqual(['inOrder', 'gap', 'reordered', 'duplicate', 'duplicate'])
    expect(holesOf(ledger)).toEqual([[2, 2 ** 32 - 2]])
  })
})

describe('a stream ledger with several lanes', () => {
  it('judges order within each lane only', () => {
    const ledger = new StreamLedger()
    const outcomes = [
      [0, 0],
      [3, 1],
      [1, 0],
      [2, 0],
      [5, 1],
      [4, 1],
    ].map(([seq = 0, lane = 0], index) => NAMES[ledger.on(seq, index, lane)])
    expect(outcomes).toEqual(['inOrder', 'gap', 'filled', 'filled', 'gap', 'reordered'])
    expect(ledger).toMatchObject({ lanes: 2, reordered: 1, distinct: 6, duplicates: 0 })
  })

  it('does not take a copy on another lane for a second lane', () => {
    const ledger = new StreamLedger()
    ledger.on(0, 0, 0)
    ledger.on(0, 0, 1)
    expect(ledger).toMatchObject({ lanes: 1, duplicates: 1 })
  })

  it('stops judging order on lanes over its bound and says how often', () => {
    const ledger = new StreamLedger()
    for (let lane = 0; lane < MAX_LANES + 5; lane++) ledger.on(lane, 0, lane)
    expect(ledger).toMatchObject({
      lanes: MAX_LANES,
      orderUnjudged: 5,
      reordered: 0,
      distinct: MAX_LANES + 5,
    })
  })
})

describe('a stream ledger with more holes than it keeps', () => {
  const everySecond = Array.from({ length: MAX_HOLES + 1 }, (_, index) => 2 * index + 1)

  it('lets the oldest become coarse and stays exact above', () => {
    const { ledger } = feed(everySecond)
    expect(ledger.holeCount).toBeLessThanOrEqual(MAX_HOLES)
    expect(ledger.coarseBelow).toBe(MAX_HOLES - 1)
    expect(ledger.on(ledger.coarseBelow + 1, 0, 0)).toBe(OUTCOME.reordered)
    expect(ledger.on(ledger.coarseBelow, 0, 0)).toBe(OUTCOME.duplicate)
  })

  it('calls what arrives below unresolved instead of guessing between duplicate and late', () => {
    const { ledger } = feed(everySecond)
    const { distinct } = ledger
    expect([ledger.on(0, 0, 0), ledger.on(1, 0, 0)]).toEqual([OUTCOME.unresolved, OUTCOME.unresolved])
    expect(ledger).toMatchObject({ distinct, duplicates: 0, unresolved: 2 })
  })

  it('stays exact while thousands of holes come and go', () => {
    const { ledger } = feed(Array.from({ length: 3_000 }, (_, index) => 2 * index + 1))
    for (let seq = 0; seq < 6_000; seq += 2) if (seq % 500 !== 0) ledger.on(seq, 0, 0)
    expect(holesOf(ledger).map(([from]) => from)).toEqual(Array.from({ length: 12 }, (_, at) => at * 500))
    expect(ledger).toMatchObject({ distinct: 5_988, duplicates: 0, reordered: 2_988 })
  })

  it('never holds more than its bound when late arrivals split holes', () => {
    const ledger = new StreamLedger()
    ledger.on(1_000_000, 0, 0)
    for (let seq = 1; seq < 40_000; seq += 2) ledger.on(seq, 0, 0)
    expect(ledger.holeCount).toBeLessThanOrEqual(MAX_HOLES)
  })
})

interface Arrival {
  seq: number
  t: number
  lane: number
}

/** The definitions of RFC 4737 by the letter, quadratic and with sets. */
function bruteForce(arrivals: readonly Arrival[]) {
  const first: Arrival[] = []
  let duplicates = 0
  for (const arrival of arrivals) {
    if (first.some(({ seq }) => seq === arrival.seq)) duplicates++
    else first.push(arrival)
  }
  let reordered = 0
  let maxExtent = 0
  let maxLateMs = 0
  first.forEach((late, i) => {
    const j = first.findIndex(({ seq, lane }, at) => at < i && lane === late.lane && seq > late.seq)
    if (j < 0) return
    reordered++
    maxExtent = Math.max(maxExtent, i - j)
    maxLateMs = Math.max(maxLateMs, late.t - (first[j]?.t ?? 0))
  })
  const max = Math.max(-1, ...first.map(({ seq }) => seq))
  const seen = new Set(first.map(({ seq }) => seq))
  const missing = Array.from({ length: max + 1 }, (_, seq) => seq).filter((seq) => !seen.has(seq))
  return { max, distinct: first.length, duplicates, reordered, maxExtent, maxLateMs, missing }
}

/** A stream as a bad network would deliver it: some lost, some sent again, some moved back by a few places. */
const mishandled = (lanes: number) =>
  fc
    .array(
      fc.record({
        copies: fc.oneof({ weight: 6, arbitrary: fc.constant(1) }, fc.integer({ min: 0, max: 3 })),
        delays: fc.array(fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.nat(12)), {
          minLength: 3,
          maxLength: 3,
        }),
        lane: fc.nat(lanes - 1),
      }),
      { maxLength: 40 },
    )
    .map((messages) =>
      messages
        .flatMap(({ copies, delays, lane }, seq) =>
          delays.slice(0, copies).map((delay, copy) => ({ seq, lane, due: seq + delay + copy * 0.1 })),
        )
        .sort((a, b) => a.due - b.due)
        .map(({ seq, lane }, index): Arrival => ({ seq, lane, t: index * 3 })),
    )

function missingOf(ledger: StreamLedger): number[] {
  return holesOf(ledger).flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, at) => from + at))
}

describe('against brute force', () => {
  it('is exact on one lane, extents and late times too, in 3,000 random histories', () => {
    fc.assert(
      fc.property(mishandled(1), (arrivals) => {
        const ledger = new StreamLedger()
        for (const { seq, t, lane } of arrivals) ledger.on(seq, t, lane)
        const { missing, ...truth } = bruteForce(arrivals)
        expect(ledger).toMatchObject(truth)
        expect(missingOf(ledger)).toEqual(missing)
      }),
      { numRuns: 3_000 },
    )
  })

  it('is exact on several lanes in 1,000 random histories', () => {
    fc.assert(
      fc.property(mishandled(3), (arrivals) => {
        const ledger = new StreamLedger()
        for (const { seq, t, lane } of arrivals) ledger.on(seq, t, lane)
        const { max, distinct, duplicates, reordered, missing } = bruteForce(arrivals)
        expect(ledger).toMatchObject({ max, distinct, duplicates, reordered })
        expect(missingOf(ledger)).toEqual(missing)
      }),
      { numRuns: 1_000 },
    )
  })

  it('is exact for arrivals in any order at all', () => {
    const anything = fc.array(fc.nat(30), { maxLength: 60 })
    fc.assert(
      fc.property(anything, (sequence) => {
        const { ledger } = feed(sequence)
        const { missing, ...truth } = bruteForce(
          sequence.map((seq, index) => ({ seq, t: index * 10, lane: 0 })),
        )
        expect(ledger).toMatchObject(truth)
        expect(missingOf(ledger)).toEqual(missing)
      }),
      { numRuns: 1_000 },
    )
  })
})
