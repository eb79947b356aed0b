import { describe, expect, it } from 'vitest'
import { metricNames } from './threshold-metrics.ts'
import { checkThreshold, metricName, parseThreshold, warmUpsOf } from './thresholds.ts'

function parsed(text: string) {
  const result = parseThreshold(text)
  if (!result.ok) throw new Error(result.message)
  return result.threshold
}

function problem(text: string, fleets: string[] = ['meters', 'gates']): string | undefined {
  return checkThreshold(text, fleets)
}

describe('a threshold', () => {
  it('is a metric, an operator and a value', () => {
    expect(parsed('lost == 0')).toEqual({
      check: 'lost == 0',
      fleet: undefined,
      metric: { kind: 'count', name: 'lost' },
      operator: '==',
      limit: { unit: 'number', value: 0 },
    })
    expect(parsed('e2e.p99<250ms')).toMatchObject({
      metric: { kind: 'latency', name: 'e2e', statistic: 'p99' },
      operator: '<',
      limit: { unit: 'duration', ms: 250 },
    })
    expect(parsed('behind < 1%')).toMatchObject({ limit: { unit: 'share', share: 0.01 } })
    expect(parsed('rate >= 500/s').limit).toEqual({ unit: 'number', value: 500 })
    expect(parsed('eventLoopDelay.p99 < 20ms').metric).toEqual({ kind: 'machine', name: 'eventLoopDelay' })
    expect(parsed('cpu < 80%').limit).toEqual(parsed('cpu < 0.8').limit)
  })

  it('may hold a rate against its target, and name a fleet', () => {
    expect(parsed(' meters.rate  >=  95%  of  target ')).toMatchObject({
      fleet: 'meters',
      metric: { kind: 'rate', name: 'rate' },
      operator: '>=',
      limit: { unit: 'target', share: 0.95 },
    })
    expect(parsed('meters.e2e.p99 < 2s')).toMatchObject({ fleet: 'meters', limit: { ms: 2_000 } })
  })

  it('means the metric when a fleet has the name of one', () => {
    expect(parsed('ack.p99 < 1s').fleet).toBeUndefined()
    expect(parsed('ack.lost == 0')).toMatchObject({ fleet: 'ack', metric: { name: 'lost' } })
  })

  it('knows every operator', () => {
    for (const operator of ['<', '<=', '>', '>=', '==', '!=']) {
      expect(parsed(`lost ${operator} 1`).operator).toBe(operator)
    }
  })

  it('reads every metric it names', () => {
    for (const name of metricNames()) {
      const value = name.includes('.') ? '1s' : '1'
      expect(metricName(parsed(`${name} < ${value}`).metric)).toBe(name)
    }
  })
})

describe('a threshold that is none', () => {
  it('is shown the shape', () => {
    expect(problem('')).toMatch(/is no threshold; write \[fleet\.\]metric/)
    expect(problem('lost')).toMatch(/is no threshold/)
    expect(problem('lost == 0 and late == 0')).toMatch(/is no threshold/)
    expect(problem('lost = 0')).toBe('"=" is no operator; write one of <= >= == != < >')
    expect(problem('lost => 0')).toMatch(/"=>" is no operator/)
    expect(problem('lost == none')).toMatch(/"none" is no value; write a number, a duration/)
  })

  it('is told the nearest metric', () => {
    expect(problem('losst == 0')).toBe('there is no metric "losst"; did you mean "lost"?')
    expect(problem('Duplicate == 0')).toBe('there is no metric "Duplicate"; did you mean "duplicates"?')
    expect(problem('e2e.p98 < 1s')).toMatch(/did you mean "e2e.p9/)
    expect(problem('meters.reorderd == 0')).toMatch(/did you mean "reordered"\?/)
    expect(problem('elephants == 0')).toMatch(/the metrics are generated, notSent, .* and cpu$/)
    expect(problem('__proto__ == 0')).toMatch(/there is no metric/)
    expect(problem('constructor.p99 == 0')).toMatch(/there is no metric/)
  })

  it('is told which value of a distribution there is', () => {
    expect(problem('e2e < 1s')).toMatch(/^e2e is a distribution: say which value of it, such as e2e\.p99/)
    expect(problem('meters.ack < 1s')).toMatch(/^ack is a distribution/)
    expect(problem('eventLoopDelay < 1s')).toBe('write eventLoopDelay.p99')
  })

  it('is told the unit', () => {
    expect(problem('e2e.p99 < 250')).toBe('e2e.p99 is a duration: write "e2e.p99 < 250ms"')
    expect(problem('e2e.p99 < 5%')).toBe('e2e.p99 is a duration: write "e2e.p99 < 250ms"')
    expect(problem('lost < 2s')).toBe('lost is no duration: write a number instead of "2s"')
    expect(problem('lost < 2/s')).toBe('lost is no rate: write a number instead of "2/s"')
    expect(problem('rate >= 95%')).toBe('a share of what? write "rate >= 95% of target"')
    expect(problem('lost <= 1% of target')).toBe('only rate and deliveryRate have a target')
    expect(problem('reconnects <= 1%')).toMatch(/reconnects is a number of reconnects: write a number/)
    expect(problem('rate >= 95 of target')).toMatch(/"95" is no value/)
  })

  it('is told the fleets', () => {
    expect(problem('meters.lost == 0')).toBeUndefined()
    expect(problem('meter.lost == 0')).toBe('no fleet is named "meter"; did you mean "meters"?')
    expect(problem('buses.lost == 0')).toBe('no fleet is named "buses"; the fleets are meters, gates')
    expect(problem('meters.cpu < 50%')).toBe('cpu is of the whole machine: leave out "meters."')
  })
})

describe('warm-ups', () => {
  it('are listed once each, in order', () => {
    const thresholds = [
      'lost == 0',
      { check: 'a', after: 5_000 },
      { check: 'b', after: 1_000 },
      { check: 'c', after: 5_000 },
    ]

    expect(warmUpsOf(thresholds)).toEqual([1_000, 5_000])
  })
})
