import { describe, expect, it } from 'vitest'
import { checkBalance } from '../../simulators/report/balance.ts'
import { runInProcess } from '../support/in-process-run.ts'

describe('a run against the embedded broker', () => {
  it.each([0, 1, 2] as const)('delivers every message of QoS %i and passes', async (qos) => {
    const { done } = runInProcess({
      version: 1,
      fleets: [
        { count: 10, connect: { rate: '1000/s' }, publish: [{ topic: 't/{{device}}', qos, every: '50ms' }] },
      ],
      stages: [{ for: '1s' }],
      thresholds: ['lost == 0', 'duplicates == 0', 'e2e.p99 < 1s'],
    })

    const report = await done

    expect(report.reasons).toEqual([expect.objectContaining({ code: 'all-delivered' })])
    expect(report.verdict).toBe('pass')
    expect(report.books.generated).toBeGreaterThan(150)
    expect(report.observers.mqtt).toMatchObject({
      delivered: report.books.sent,
      missing: 0,
      duplicates: 0,
      reordered: 0,
    })
    expect(checkBalance(report)).toEqual([])
  })
})
