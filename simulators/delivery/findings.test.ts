import { describe, expect, it } from 'vitest'
import { attribute } from './attribution.ts'
import type { Contract } from './contract.ts'
import { findingsOf } from './findings.ts'
import { ObserverLedger } from './observer-ledger.ts'
import type { StreamGroup } from './stream-group.ts'
import { StreamSpace } from './stream-space.ts'
import type { ObserverHealth, StreamBook, StreamId } from './types.ts'

/** Each of two meters publishes two entries at QoS 1 and 2. */
const publish = { qos: [1, 2], limit: 1_000 } as const
const space = new StreamSpace([{ devices: 2, publishes: [publish, publish] }])

const health: ObserverHealth = {
  ...{ connections: 1, reconnects: 0, blind: [], eventLoopDelayP99Ms: 1, cpu: 0, overloaded: false },
  grantedQos: 2,
}

type Stream = Pick<StreamId, 'device' | 'publish' | 'qos'> & { generated: number; arrivals: number[] }

function findings(
  streams: readonly Stream[],
  { strays = 0, withoutSubscribers = [0], mayExpire = false, damaged = 0 } = {},
) {
  const ledger = new ObserverLedger(space)
  for (const { arrivals, generated: _, ...id } of streams)
    for (const seq of arrivals) ledger.see({ ...id, epoch: 0, seq }, 0, 0, true)
  for (let device = 7; device < 7 + strays; device++)
    ledger.see({ device, publish: 0, qos: 1, epoch: 0, seq: 0 }, 0, 0, true)
  const books = streams.map(({ arrivals: _, ...id }): StreamBook => ({ ...id, epoch: 0, exceptions: [] }))
  const reading = { ...ledger.reading(), foreign: 0, damaged: 0, retained: 0, health }
  const contractOf = ({ publish, qos }: StreamGroup): Contract => ({
    ...{ publishQos: qos, subscriptionQos: health.grantedQos, protocol: 5, resumes: true },
    mayExpire: mayExpire && publish === 1,
  })
  const result = attribute({ space, books, reading, settled: true, lostDevices: null })
  return findingsOf({ result, fleetNames: ['meters'], contractOf, withoutSubscribers, damaged })
}

describe('findings', () => {
  it('are none when every message arrives once and in order', () => {
    expect(findings([{ device: 0, publish: 0, qos: 1, generated: 2, arrivals: [0, 1] }])).toEqual([])
  })

  it('are violations first, each with its numbers, its reason and examples', () => {
    const found = findings([
      { device: 0, publish: 0, qos: 1, generated: 4, arrivals: [0, 1, 1, 1, 3] },
      { device: 1, publish: 0, qos: 2, generated: 2, arrivals: [0, 0, 1] },
    ])
    expect(found).toMatchObject([
      { kind: 'lost', grade: 'violation', fleet: 'meters', qos: 1, count: 1, of: 4, examples: ['0:0:1:0:2'] },
      { kind: 'duplicate', grade: 'violation', qos: 2, count: 1, of: 2, examples: ['1:0:2:0:0'] },
      { kind: 'duplicate', grade: 'observation', qos: 1, count: 2, examples: ['0:0:1:0:1', '0:0:1:0:1'] },
    ])
    expect(found.every(({ explanation }) => explanation.endsWith('.'))).toBe(true)
  })

  it('join entries of a fleet that share a promise, and keep apart those that do not', () => {
    const streams: Stream[] = [
      { device: 0, publish: 0, qos: 1, generated: 3, arrivals: [0, 2] },
      { device: 0, publish: 1, qos: 1, generated: 30, arrivals: [0] },
    ]
    const joined = findings(streams)
    expect(joined).toMatchObject([{ kind: 'lost', count: 30, of: 33 }])
    expect(joined[0]?.examples).toHaveLength(10)
    expect(findings(streams, { mayExpire: true })).toMatchObject([
      { grade: 'violation', count: 1, of: 3 },
      { grade: 'observation', count: 29, of: 30 },
    ])
  })

  it('name messages that belong to no fleet', () => {
    expect(findings([], { strays: 12 })).toMatchObject([
      { kind: 'phantom', grade: 'violation', fleet: '-', count: 12, examples: { length: 10 } },
    ])
  })

  it('hold it against the broker when a marker was changed, though no message can be named', () => {
    const streams: Stream[] = [{ device: 0, publish: 0, qos: 1, generated: 1, arrivals: [0] }]
    expect(findings(streams, { damaged: 2 })).toMatchObject([
      { kind: 'corrupt', grade: 'violation', fleet: '-', count: 2, examples: [] },
    ])
  })

  it('flag acknowledgements that claim there is no subscriber', () => {
    const streams: Stream[] = [{ device: 0, publish: 0, qos: 1, generated: 1, arrivals: [0] }]
    expect(findings(streams, { withoutSubscribers: [5] })).toMatchObject([
      { kind: 'no-subscribers', grade: 'observation', fleet: 'meters', qos: 1, count: 5 },
    ])
  })
})
