import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { balanced } from '../../simulators/delivery/books.ts'
import { assessGenerator } from '../../simulators/metrics/health.ts'
import { EMPTY_SUMMARY, loadHistograms } from '../../simulators/metrics/histogram.ts'
import { createTargets } from '../../simulators/plan/load.ts'
import { WHOLE } from '../../simulators/plan/partition.ts'
import { conclude } from '../../simulators/run/conclude.ts'
import { judgeRun } from '../../simulators/run/judge-run.ts'
import { emptyTotals, RunTally } from '../../simulators/run/run-tally.ts'
import type { ShardRecord } from '../../simulators/run/shard-group.ts'
import { profileOf } from '../support/profile-of.ts'
import { type History, type HistoryPlan, playHistory } from './history.ts'

const profile = profileOf({
  broker: { url: 'mqtt://127.0.0.1', protocol: 5 },
  fleets: [
    {
      name: 'meters',
      count: 3,
      publish: [
        { topic: 'a/{{device}}', qos: 1, every: '50ms' },
        { topic: 'b/{{device}}', qos: 2, every: '50ms' },
      ],
    },
    { name: 'trackers', count: 2, publish: [{ topic: 'c/{{device}}', qos: 0, every: '50ms' }] },
  ],
  stages: [{ for: '2s' }],
})

let tally: RunTally
beforeAll(async () => {
  await loadHistograms()
  tally = new RunTally(profile.fleets.length, [])
})
afterAll(() => tally.destroy())

/** The whole judgement over a history: the one that a run makes, without its processes. */
function judged(history: History, { settled = true, deadShards = 0 } = {}) {
  const shards = [0, 1].map((index): ShardRecord => {
    const share = { index, count: 2 }
    const isDead = index < deadShards
    return {
      ...{ index, share, devices: 3, last: null, death: null, peakMemoryBytes: 0 },
      state: isDead ? 'dead' : 'done',
      books: isDead ? [] : history.books.filter(({ device }) => device % 2 === index),
    }
  })
  const totals = profile.fleets.map((fleet) => ({ ...emptyTotals(), everConnected: fleet.count }))
  const { reading } = history
  const conclusion = conclude({ profile, shards, reading, settled, slowestMs: [10, 10], totals })
  const generator = assessGenerator({
    ...{ behind: 0, generated: conclusion.books.generated, lateness: EMPTY_SUMMARY, shards: [], cores: 2 },
  })
  const facts = {
    ...{
      profile,
      targets: createTargets(profile, WHOLE),
      tally,
      totals,
      conclusion,
      generator,
      reading,
      shards,
    },
    ...{ settled, interrupted: false, startFailure: null, brokerDeath: null },
    ...{ planned: profile.fleets.map(({ count }) => count), publishedMs: 2_000 },
  }
  return { ...judgeRun(facts, []), conclusion }
}

const share = fc.constantFrom(0, 0, 0.02, 0.2)
const aBreak = fc.record({
  fromMs: fc.integer({ min: -100, max: 2_500 }),
  lengthMs: fc.integer({ min: 1, max: 600 }),
  isKept: fc.boolean(),
})
const innocent = fc.record({
  seed: fc.nat(),
  ...{ drop: fc.constant(0), repeat: fc.constant(0), reorder: fc.constant(0) },
  refuse: share,
  deliverRefused: fc.constant(false),
  ...{ doubt: share, withhold: share },
  breaks: fc.array(aBreak, { maxLength: 2 }),
})
const sinful: fc.Arbitrary<HistoryPlan> = fc.record({
  seed: fc.nat(),
  ...{ drop: share, repeat: share, reorder: share, refuse: share, deliverRefused: fc.boolean() },
  ...{ doubt: share, withhold: share },
  breaks: fc.constant([]),
})
/** Drops and breaks: whose fault is it? */
const dropping: fc.Arbitrary<HistoryPlan> = fc.record({
  seed: fc.nat(),
  drop: share,
  ...{ repeat: fc.constant(0), reorder: fc.constant(0), refuse: share, deliverRefused: fc.constant(false) },
  ...{ doubt: share, withhold: share },
  breaks: fc.array(aBreak, { maxLength: 2 }),
})

const isPromised = (id: string) => id.split(':')[2] !== '0'

describe('the judgement', () => {
  it('never fails a broker that did nothing wrong, whatever the probe and the devices went through', () => {
    fc.assert(
      fc.property(innocent, fc.boolean(), fc.nat(2), (plan, settled, deadShards) => {
        const { verdict, conclusion } = judged(playHistory(profile, plan), { settled, deadShards })
        expect(conclusion.attributed.total.counts?.lost).toBe(0)
        expect(verdict).not.toBe('fail')
        if (deadShards > 0) expect(verdict).toBe('invalid')
      }),
      { numRuns: 400 },
    )
  })

  it('calls nothing lost but what the broker has truly dropped', () => {
    fc.assert(
      fc.property(dropping, fc.boolean(), (plan, settled) => {
        const history = playHistory(profile, plan)
        const { verdict, conclusion } = judged(history, { settled })
        const { ids, total } = conclusion.attributed
        for (const id of [...ids['vanished-in-broker'], ...ids['lost-at-qos-0']])
          expect(history.dropped, id).toContain(id)
        expect(total.counts?.lost).toBe(ids['vanished-in-broker'].length + ids['lost-at-qos-0'].length)
        if (verdict === 'fail') expect([...history.dropped].some(isPromised)).toBe(true)
      }),
      { numRuns: 400 },
    )
  })

  it('never passes when an acknowledged message was dropped and the probe was well', () => {
    fc.assert(
      fc.property(sinful, (plan) => {
        const history = playHistory(profile, plan)
        const { verdict, conclusion } = judged(history)
        const { counts } = conclusion.attributed.total
        expect(counts?.lost).toBe(history.dropped.size)
        expect(counts?.duplicates).toBe(history.seenSins.copies)
        expect(counts?.reordered).toBe(history.seenSins.reordered)
        expect(counts?.abortedReads).toBe(history.seenSins.abortedReads)
        if ([...history.dropped].some(isPromised)) expect(verdict).toBe('fail')
        if (counts && counts.reordered + counts.abortedReads > 0) expect(verdict).toBe('fail')
        if (history.dropped.size + history.seenSins.copies === 0 && verdict === 'fail')
          expect((counts?.reordered ?? 0) + (counts?.abortedReads ?? 0)).toBeGreaterThan(0)
      }),
      { numRuns: 400 },
    )
  })

  it('never passes over an acknowledged message that was dropped, were the probe well or not', () => {
    fc.assert(
      fc.property(dropping, (plan) => {
        const history = playHistory(profile, plan)
        if ([...history.dropped].some(isPromised)) expect(judged(history).verdict).not.toBe('pass')
      }),
      { numRuns: 400 },
    )
  })

  it('balances its books and counts', () => {
    fc.assert(
      fc.property(fc.oneof(sinful, dropping), fc.nat(2), (plan, deadShards) => {
        const { conclusion } = judged(playHistory(profile, plan), { deadShards })
        expect(balanced(conclusion.books)).toBe(true)
        for (const { counts } of [conclusion.attributed.total, ...conclusion.attributed.fleets]) {
          if (!counts) throw new Error('a probe was there')
          expect(counts.delivered + counts.missing).toBe(counts.expected)
          expect(counts.lost + counts.unconfirmed + counts.inconclusive).toBe(counts.missing)
        }
      }),
      { numRuns: 200 },
    )
  })
})
