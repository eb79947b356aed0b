import { describe, expect, it } from 'vitest'
import { evaluateThreshold, type ScopeFacts, type ThresholdFacts } from './evaluate-threshold.ts'
import { EMPTY_SUMMARY } from './histogram.ts'
import { COUNT_METRICS, type CountName } from './threshold-metrics.ts'
import { parseThreshold } from './thresholds.ts'
import type { LatencySummary } from './types.ts'

function summary(facts: Partial<LatencySummary>): LatencySummary {
  return { ...EMPTY_SUMMARY, count: 11_998, ...facts }
}

function scope(counts: Partial<ScopeFacts['counts']> = {}, rest: Partial<ScopeFacts> = {}): ScopeFacts {
  const zero = Object.fromEntries(Object.keys(COUNT_METRICS).map((name) => [name, 0])) as Record<
    CountName,
    number
  >
  return {
    counts: {
      ...zero,
      generated: 12_000,
      sent: 12_000,
      acked: 12_000,
      expected: 12_000,
      delivered: 12_000,
      ...counts,
    },
    latencies: {
      connect: EMPTY_SUMMARY,
      ack: summary({ p50: 0.4, p99: 2.1 }),
      e2e: summary({ p50: 1, p99: 231.4, p999: 400, max: 512 }),
      e2eFromSent: summary({ p99: 230 }),
    },
    rateHz: 980,
    deliveryRateHz: 975,
    targetRateHz: 1_000,
    observed: 'all',
    ...rest,
  }
}

const facts = (total: ScopeFacts, rest: Partial<ThresholdFacts> = {}): ThresholdFacts => ({
  total,
  fleets: new Map([['meters', scope({ lost: 3 })]]),
  machine: { eventLoopDelayP99Ms: 12, cpu: 0.42 },
  ...rest,
})

function judge(text: string, about: ThresholdFacts = facts(scope())) {
  const parsed = parseThreshold(text)
  if (!parsed.ok) throw new Error(parsed.message)
  const result = evaluateThreshold(parsed.threshold, about, 5_000)
  return {
    ...result,
    actual: result.actual.replaceAll('\u2009', ' '),
    explanation: result.explanation.replaceAll('\u2009', ' '),
  }
}

describe('judging a threshold', () => {
  it('says what was measured and what was asked', () => {
    expect(judge('e2e.p99 < 250ms')).toEqual({
      check: 'e2e.p99 < 250ms',
      after: 5_000,
      ok: true,
      actual: '231 ms',
      explanation: 'e2e.p99 was 231 ms over 11 998 messages, as asked (< 250 ms)',
    })
    expect(judge('e2e.max < 500ms')).toMatchObject({
      ok: false,
      explanation: 'e2e.max was 512 ms over 11 998 messages, not < 500 ms',
    })
  })

  it('counts, and knows the share of the whole', () => {
    const about = facts(scope({ lost: 12, behind: 240 }))

    expect(judge('lost == 0', about)).toMatchObject({
      ok: false,
      actual: '12',
      explanation: '12 messages lost of 12 000 expected (0.1 %), not == 0',
    })
    expect(judge('lost <= 0.1%', about)).toMatchObject({ ok: true, actual: '0.1 %' })
    expect(judge('lost < 0.1%', about).ok).toBe(false)
    expect(judge('behind < 1%', about)).toMatchObject({ ok: false, actual: '2 %' })
    expect(judge('generated >= 12000', about)).toMatchObject({ ok: true, actual: '12 000' })
  })

  it('is not misled by the last bit of a share', () => {
    for (const [lost, percent] of [
      [84, '0.7%'],
      [348, '2.9%'],
      [12_000, '100%'],
    ] as const) {
      expect(judge(`lost <= ${percent}`, facts(scope({ lost }))).ok).toBe(true)
      expect(judge(`lost == ${percent}`, facts(scope({ lost }))).ok).toBe(true)
    }
  })

  it('judges a fleet by its own numbers', () => {
    expect(judge('meters.lost == 0').ok).toBe(false)
    expect(judge('lost == 0').ok).toBe(true)
  })

  it('holds rates against numbers and against the target', () => {
    expect(judge('rate >= 95% of target')).toMatchObject({
      ok: true,
      actual: '98 % of target',
      explanation: '980/s sent, 98 % of the target of 1 000/s, as asked (>= 95 % of target)',
    })
    expect(judge('rate >= 99% of target').ok).toBe(false)
    expect(judge('deliveryRate >= 58000/m').ok).toBe(true)
    expect(judge('rate > 980')).toMatchObject({ ok: false, explanation: 'rate was 980/s, not > 980' })
  })

  it('judges the machine', () => {
    expect(judge('cpu < 80%')).toMatchObject({ ok: true, actual: '42 %' })
    expect(judge('eventLoopDelay.p99 < 10ms')).toMatchObject({ ok: false, actual: '12 ms' })
  })

  it('says that there is nothing to judge without samples', () => {
    const nothing = facts(scope({ expected: 0, sent: 0 }, { rateHz: null, targetRateHz: 0 }))

    expect(judge('connect.p99 < 1s')).toMatchObject({ ok: null, explanation: 'no connection was made' })
    expect(judge('lost <= 1%', nothing)).toMatchObject({ ok: null, explanation: 'no message was expected' })
    expect(judge('rate > 1', nothing)).toMatchObject({ ok: null })
    expect(judge('deliveryRate >= 1% of target', nothing)).toMatchObject({
      ok: null,
      explanation: 'nothing was due',
    })
    expect(judge('lost == 0', nothing).ok).toBe(true)
    const silent = facts(scope({}, { latencies: { ...scope().latencies, ack: EMPTY_SUMMARY } }))
    expect(judge('ack.p99 < 1s', silent)).toMatchObject({
      ok: null,
      explanation: 'no message was acknowledged',
    })
  })

  it('does not judge delivery without an observer', () => {
    const blind = facts(scope({}, { observed: 'none' }))

    for (const text of [
      'lost == 0',
      'duplicates == 0',
      'violations == 0',
      'e2e.p99 < 1s',
      'deliveryRate > 1',
    ]) {
      expect(judge(text, blind)).toMatchObject({ ok: null, explanation: 'no observer was watching' })
    }
    expect(judge('ack.p99 < 1s', blind).ok).toBe(true)
  })

  it('does not hold a part that can be seen against the target of all', () => {
    const part = facts(scope({}, { observed: 'part' }))

    expect(judge('deliveryRate >= 95% of target', part).ok).toBeNull()
    expect(judge('deliveryRate > 900', part).ok).toBe(true)
    expect(judge('lost == 0', part).ok).toBe(true)
  })

  it('does not call a loss met, or missed, that hangs on messages whose fate is unknown', () => {
    const half = facts(scope({ inconclusive: 5, lost: 0, delivered: 11_995 }))

    expect(judge('lost == 0', half)).toMatchObject({
      ok: null,
      explanation: '0 messages lost of 12 000 expected (0 %), and the fate of 5 more is unknown',
    })
    expect(judge('lost <= 10', half).ok).toBe(true)
    expect(judge('delivered == 12000', half).ok).toBeNull()
    expect(judge('lost == 0', facts(scope({ inconclusive: 5, lost: 1 }))).ok).toBe(false)
    // Neither 0 nor 5 is 3, but what lies between may be.
    expect(judge('lost == 3', half).ok).toBeNull()
    expect(judge('lost != 3', half).ok).toBeNull()
    expect(judge('lost != 9', half).ok).toBe(true)
  })
})
