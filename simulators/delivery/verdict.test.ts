import { describe, expect, it } from 'vitest'
import { emptyBooks } from './books.ts'
import { emptyCounts } from './stream-group.ts'
import type { Books, DeliveryCounts, Finding } from './types.ts'
import { type JudgedFleet, judge, type VerdictInput } from './verdict.ts'

function books(acked: number): Books {
  return { ...emptyBooks(), generated: acked, sent: acked, acked }
}

function counts(changes: Partial<DeliveryCounts> = {}): DeliveryCounts {
  return { ...emptyCounts(), expected: 2_000, delivered: 2_000, ...changes }
}

function meters(changes: Partial<JudgedFleet> = {}): JudgedFleet {
  return {
    ...{ name: 'meters', planned: 50, connected: 50, publishes: true },
    ...{ books: books(2_000), counts: counts() },
    ...changes,
  }
}

function run(changes: Partial<VerdictInput> = {}): VerdictInput {
  return {
    startFailure: null,
    brokerDeath: null,
    fleets: [meters()],
    findings: [],
    thresholds: [],
    generator: { saturated: false, bindingLimit: null, behind: 0, behindShare: 0 },
    deadShards: [],
    observer: { blind: [], overloaded: false },
    unproven: [],
    settled: true,
    interrupted: false,
    ...changes,
  }
}

function finding(changes: Partial<Finding> = {}): Finding {
  return {
    ...{ kind: 'lost', grade: 'violation', fleet: 'meters', qos: 1, count: 3, of: 2_000 },
    ...{ explanation: '', examples: [] },
    ...changes,
  }
}

function threshold(ok: boolean | null) {
  return { check: 'e2e.p99 < 2s', after: 0, ok, actual: '2.4 s', explanation: 'it was 2.4 s' }
}

const blind = [{ fromMs: 1_000, toMs: 2_500, why: 'connection lost' }]

function verdictOf(input: VerdictInput): [string, ...string[]] {
  const { verdict, reasons } = judge(input)
  return [verdict, ...reasons.map(({ code }) => code)]
}

describe('the verdict', () => {
  it('is pass when all arrived, and says how many', () => {
    expect(judge(run())).toEqual({
      verdict: 'pass',
      reasons: [{ code: 'all-delivered', text: 'All 2 000 messages reached the probe as promised.' }],
      findings: [],
    })
  })

  it('is fail for a broken promise, with the number that decided', () => {
    const lost = meters({ counts: counts({ delivered: 1_997, missing: 3, lost: 3 }) })
    expect(judge(run({ fleets: [lost], findings: [finding()] }))).toMatchObject({
      verdict: 'fail',
      reasons: [
        {
          code: 'lost',
          text: '3 of 2 000 acknowledged messages never reached the probe (fleet meters, QoS 1)',
        },
      ],
    })
  })

  it('is pass for what the set-up allows, but does not call it all', () => {
    const dropped = meters({ counts: counts({ delivered: 1_997, missing: 3, lost: 3 }) })
    const input = run({ fleets: [dropped], findings: [finding({ grade: 'observation', qos: 0 })] })
    expect(verdictOf(input)).toEqual(['pass', 'promises-kept'])
  })

  it('is fail for a threshold that failed and inconclusive for one that could not be judged', () => {
    expect(judge(run({ thresholds: [threshold(false)] }))).toMatchObject({
      verdict: 'fail',
      reasons: [{ code: 'threshold-failed', text: 'e2e.p99 < 2s: it was 2.4 s' }],
    })
    expect(verdictOf(run({ thresholds: [threshold(null), threshold(true)] }))).toEqual([
      'inconclusive',
      'threshold-not-judged',
    ])
  })

  it('is invalid, not fail, when the generator was the bottleneck; the failure is listed behind', () => {
    const generator = { saturated: true, bindingLimit: 'CPU', behind: 1_200, behindShare: 0.06 }
    const input = run({ generator, findings: [finding()], thresholds: [threshold(null)] })
    expect(verdictOf(input)).toEqual(['invalid', 'generator-saturated', 'lost', 'threshold-not-judged'])
    expect(judge(input).reasons[0]?.text).toBe(
      'This machine was the bottleneck (CPU): 1 200 messages (6.0 %) went out late.',
    )
  })

  it('is invalid when a shard died', () => {
    expect(verdictOf(run({ deadShards: [{ shard: 1, devices: 25 }] }))).toEqual(['invalid', 'shard-died'])
  })

  it('is invalid when the embedded broker died, whatever else was seen', () => {
    const input = run({ brokerDeath: 'killed by SIGKILL', settled: false, findings: [finding()] })
    expect(verdictOf(input).slice(0, 2)).toEqual(['invalid', 'broker-died'])
  })

  it('is invalid with one reason when the run could not start', () => {
    const idle = meters({ connected: 0, books: emptyBooks(), counts: null })
    const input = run({ startFailure: 'ECONNREFUSED', fleets: [idle], thresholds: [threshold(false)] })
    expect(verdictOf(input)).toEqual(['invalid', 'not-started'])
  })

  it('is never pass when nothing connected or nothing was sent', () => {
    const nobody = meters({ connected: 0, books: emptyBooks(), counts: emptyCounts() })
    expect(verdictOf(run({ fleets: [nobody] }))[0]).toBe('invalid')
    const silent = meters({ books: emptyBooks(), counts: emptyCounts() })
    expect(verdictOf(run({ fleets: [silent] }))).toEqual(['invalid', 'nothing-sent', 'fleet-silent'])
    expect(verdictOf(run({ fleets: [] }))[0]).toBe('invalid')
  })

  it('is pass for devices that only connect, when that is the plan', () => {
    const idle = meters({ publishes: false, books: emptyBooks(), counts: emptyCounts() })
    expect(verdictOf(run({ fleets: [idle] }))).toEqual(['pass', 'not-observed'])
  })

  it('is not pass when one of two fleets stayed away, or a part of one', () => {
    const away = meters({ name: 'trackers', connected: 0, books: emptyBooks(), counts: emptyCounts() })
    expect(judge(run({ fleets: [meters(), away] }))).toMatchObject({
      verdict: 'inconclusive',
      reasons: [{ text: '50 of 50 devices of fleet trackers never connected.' }],
    })
    expect(verdictOf(run({ fleets: [meters({ connected: 49 })] }))).toEqual([
      'inconclusive',
      'devices-not-connected',
    ])
  })

  it('is not pass when nothing at all arrived, though nothing was promised either', () => {
    const swallowed = meters({ counts: counts({ delivered: 0, missing: 2_000, unconfirmed: 2_000 }) })
    const unproven = [{ fleet: 'meters', topic: 't/{{device}}', expected: 2_000, inconclusive: 0 }]
    expect(judge(run({ fleets: [swallowed], unproven }))).toMatchObject({
      verdict: 'inconclusive',
      reasons: [
        {
          code: 'nothing-delivered',
          text: 'None of 2 000 messages of fleet meters to t/{{device}} reached the probe: may it read this topic, on this broker?',
        },
      ],
    })
  })

  it('tells a topic that the probe never saw anything of from what is open otherwise', () => {
    const open = meters({ counts: counts({ delivered: 1_500, missing: 500, inconclusive: 500 }) })
    const unproven = [{ fleet: 'meters', topic: 'secret', expected: 500, inconclusive: 500 }]
    expect(verdictOf(run({ fleets: [open], unproven }))).toEqual(['inconclusive', 'nothing-delivered'])
    const observer = { blind, overloaded: false }
    expect(verdictOf(run({ fleets: [open], unproven, observer }))).toEqual(['inconclusive', 'observer-blind'])
  })

  it('is inconclusive when something is missing that may have passed a blind probe', () => {
    const open = meters({ counts: counts({ delivered: 1_990, missing: 10, inconclusive: 10 }) })
    expect(judge(run({ fleets: [open], observer: { blind, overloaded: false } }))).toMatchObject({
      verdict: 'inconclusive',
      reasons: [
        {
          code: 'observer-blind',
          text: '10 of 2 000 expected messages may have passed while the probe was blind (1.0 s to 2.5 s: connection lost).',
        },
      ],
    })
    expect(verdictOf(run({ fleets: [open], observer: { blind: [], overloaded: true } }))[1]).toBe(
      'observer-overloaded',
    )
    expect(verdictOf(run({ fleets: [open], settled: false }))[1]).toBe('drain-incomplete')
  })

  it('is pass when the probe was blind and nothing is missing', () => {
    expect(verdictOf(run({ observer: { blind, overloaded: false } }))).toEqual(['pass', 'all-delivered'])
  })

  it('is fail for what is proven even when something else is open', () => {
    const open = meters({ counts: counts({ delivered: 1_990, missing: 10, lost: 3, inconclusive: 7 }) })
    const input = run({ fleets: [open], findings: [finding()], observer: { blind, overloaded: false } })
    expect(verdictOf(input)).toEqual(['fail', 'lost', 'observer-blind'])
  })

  it('is inconclusive for a run stopped early in which nothing went wrong', () => {
    expect(verdictOf(run({ interrupted: true }))).toEqual(['inconclusive', 'interrupted'])
    expect(verdictOf(run({ interrupted: true, findings: [finding()] }))[0]).toBe('fail')
  })

  it('is inconclusive when arrivals could not be told apart or put in order', () => {
    expect(verdictOf(run({ fleets: [meters({ counts: counts({ unresolved: 1 }) })] }))).toEqual([
      'inconclusive',
      'unresolved',
    ])
    expect(verdictOf(run({ fleets: [meters({ counts: counts({ orderUnjudged: 2 }) })] }))).toEqual([
      'inconclusive',
      'order-unjudged',
    ])
  })

  it('is pass without a probe, and says that delivery was not observed', () => {
    const blindRun = run({ observer: null, settled: false, fleets: [meters({ counts: null })] })
    expect(judge(blindRun)).toMatchObject({ verdict: 'pass', reasons: [{ code: 'not-observed' }] })
  })
})
