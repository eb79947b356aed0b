import { describe, expect, it } from 'vitest'
import { ObserverLedger } from './observer-ledger.ts'
import { OUTCOME } from './stream-ledger.ts'
import { StreamSpace } from './stream-space.ts'
import type { StreamId } from './types.ts'

/** Two meters with QoS 1, then three trackers with a mixed QoS and a second entry limited to 5 messages. */
function space(): StreamSpace {
  return new StreamSpace([
    { devices: 2, publishes: [{ qos: [1], limit: 1_000_000 }] },
    {
      devices: 3,
      publishes: [
        { qos: [0, 2], limit: 1_000_000 },
        { qos: [1], limit: 5 },
      ],
    },
  ])
}

function message(seq: number, changes: Partial<StreamId> = {}): StreamId & { seq: number } {
  return { device: 0, publish: 0, qos: 1, epoch: 0, seq, ...changes }
}

describe('an observer ledger', () => {
  it('keeps streams apart by device, publish entry, QoS and epoch', () => {
    const ledger = new ObserverLedger(space())
    const ids: StreamId[] = [
      { device: 0, publish: 0, qos: 1, epoch: 0 },
      { device: 0, publish: 0, qos: 1, epoch: 1 },
      { device: 1, publish: 0, qos: 1, epoch: 0 },
      { device: 2, publish: 0, qos: 0, epoch: 0 },
      { device: 2, publish: 0, qos: 2, epoch: 0 },
      { device: 4, publish: 1, qos: 1, epoch: 0 },
    ]
    for (const id of ids) for (let seq = 0; seq < 3; seq++) ledger.see({ ...id, seq }, seq, 0, true)
    const { streams, phantom } = ledger.reading()
    expect(phantom).toBe(0)
    expect(streams).toHaveLength(ids.length)
    for (const id of ids)
      expect(streams).toContainEqual(expect.objectContaining({ ...id, max: 2, distinct: 3, holes: [] }))
  })

  it('keeps live totals per fleet that follow every arrival', () => {
    const ledger = new ObserverLedger(space())
    for (const seq of [0, 5, 5, 2]) ledger.see(message(seq), 0, 0, true)
    ledger.see(message(0, { device: 3, qos: 2 }), 0, 0, true)
    expect(ledger.fleets).toMatchObject([
      { delivered: 3, duplicates: 1, reordered: 1, missing: 3 },
      { delivered: 1, duplicates: 0, reordered: 0, missing: 0 },
    ])
  })

  it('calls first receipts late from one second after the drain began', () => {
    const ledger = new ObserverLedger(space())
    ledger.see(message(0), 900, 0, true)
    ledger.startDrain(1_000)
    ledger.see(message(1), 2_000, 0, true)
    ledger.see(message(2), 2_001, 0, true)
    ledger.see(message(2), 2_500, 0, true)
    expect(ledger.fleets[0]).toMatchObject({ delivered: 3, late: 1, duplicates: 1 })
    expect(ledger.reading().streams[0]).toMatchObject({ late: 1 })
  })

  it('counts damaged payloads as delivered and as corrupt', () => {
    const ledger = new ObserverLedger(space())
    ledger.see(message(0), 0, 0, false)
    expect(ledger.reading().streams[0]).toMatchObject({ distinct: 1, corrupt: 1 })
  })

  it.each<[string, Partial<StreamId> & { seq?: number }]>([
    ['an unknown device', { device: 5 }],
    ['a device far beyond', { device: 2 ** 32 - 1 }],
    ['an unknown publish entry', { publish: 1 }],
    ['a QoS its entry does not have', { device: 2, qos: 1 }],
    ['a number past the limit of its entry', { device: 2, publish: 1, seq: 5 }],
    ['a number no device reaches', { seq: 2 ** 32 - 1 }],
    ['an epoch no device reaches', { epoch: 256 }],
  ])('counts %s as phantom and makes no stream for it', (_, { seq = 0, ...changes }) => {
    const ledger = new ObserverLedger(space())
    expect(ledger.see(message(seq, changes), 0, 0, true)).toBe(OUTCOME.phantom)
    expect(ledger.reading()).toMatchObject({ streams: [], phantom: 1, examples: [{ kind: 'phantom' }] })
    expect(ledger.fleets[0]).toMatchObject({ delivered: 0, missing: 0 })
  })

  it('keeps a few examples of each kind and not more', () => {
    const ledger = new ObserverLedger(space())
    ledger.see(message(0), 0, 0, true)
    for (let time = 0; time < 1_000; time++) ledger.see(message(0), time, 0, true)
    const { examples } = ledger.reading()
    expect(examples).toHaveLength(10)
    expect(examples[0]).toEqual({ kind: 'duplicate', ...message(0) })
  })

  it('lets streams become coarse when all together have too many holes, and only then', () => {
    const devices = 20
    const wide = new StreamSpace([{ devices, publishes: [{ qos: [1], limit: 1_000 }] }])
    const fill = (maxHoles: number) => {
      const ledger = new ObserverLedger(wide, maxHoles)
      for (let device = 0; device < devices; device++)
        for (let seq = 1; seq < 100; seq += 2) ledger.see(message(seq, { device }), 0, 0, true)
      return ledger.reading().streams
    }
    expect(
      fill(devices * 50).every(({ coarseBelow, holes }) => coarseBelow === 0 && holes.length === 50),
    ).toBe(true)
    const held = fill(300)
    expect(held.reduce((sum, { holes }) => sum + holes.length, 0)).toBeLessThanOrEqual(300)
    expect(held.every(({ distinct, unresolved }) => distinct === 50 && unresolved === 0)).toBe(true)
  })

  it('finds its streams again among tens of thousands', () => {
    const devices = 20_000
    const ledger = new ObserverLedger(
      new StreamSpace([{ devices, publishes: [{ qos: [0, 1, 2], limit: 10 }] }]),
    )
    for (let seq = 0; seq < 2; seq++)
      for (let device = 0; device < devices; device++) ledger.see(message(seq, { device }), 0, 0, true)
    const { streams } = ledger.reading()
    expect(streams).toHaveLength(devices)
    expect(
      streams.every(({ distinct, qos }, at) => distinct === 2 && qos === 1 && streams[at]?.device === at),
    ).toBe(true)
  })
})
