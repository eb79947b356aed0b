// Long because every rule of attribution is shown by an example, over one set of helpers.
import { describe, expect, it } from 'vitest'
import type { QoS } from '../profile/profile.ts'
import { type AttributionInput, attribute } from './attribution.ts'
import { emptyBooks } from './books.ts'
import { ObserverLedger } from './observer-ledger.ts'
import { StreamSpace } from './stream-space.ts'
import type { BookException, ObserverHealth, ObserverReading, StreamBook } from './types.ts'

/** Fleet 0: two meters that publish at every QoS. Fleet 1: a device whose messages carry no marker. */
const space = new StreamSpace([
  { devices: 2, publishes: [{ qos: [0, 1, 2], limit: 1_000_000 }] },
  { devices: 1, publishes: [{ qos: [], limit: 1_000_000 }] },
])

const healthy: ObserverHealth = {
  ...{ connections: 1, reconnects: 0, blind: [], eventLoopDelayP99Ms: 1, cpu: 0, overloaded: false },
  grantedQos: 2,
}

/** What a probe reads when these numbers of a meter arrive, one every two seconds. */
function seen(
  numbers: readonly number[],
  qos: QoS = 1,
  health: Partial<ObserverHealth> = {},
): ObserverReading {
  const ledger = new ObserverLedger(space)
  numbers.forEach((seq, at) => {
    ledger.see({ device: 0, publish: 0, qos, epoch: 0, seq }, at * 2_000, 0, true)
  })
  return { ...ledger.reading(), foreign: 0, damaged: 0, retained: 0, health: { ...healthy, ...health } }
}

function book(generated: number, exceptions: BookException[] = [], qos: QoS = 1, device = 0): StreamBook {
  return { device, publish: 0, qos, epoch: 0, generated, exceptions }
}

function judge(
  books: StreamBook[],
  reading: ObserverReading | null,
  changes: Partial<AttributionInput> = {},
) {
  return attribute({ space, books, reading, settled: true, lostDevices: null, ...changes })
}

describe('attribution', () => {
  it('finds 1 2 4 3 5 complete: nothing lost, one reordered', () => {
    expect(judge([book(5)], seen([0, 1, 3, 2, 4])).total.counts).toMatchObject({
      ...{ expected: 5, delivered: 5, missing: 0, lost: 0, reordered: 1, duplicates: 0 },
    })
  })

  it('finds 1 2 3 2 3 4 complete: nothing lost or reordered, two copies', () => {
    expect(judge([book(4)], seen([0, 1, 2, 1, 2, 3])).total.counts).toMatchObject({
      ...{ expected: 4, delivered: 4, missing: 0, reordered: 0, duplicates: 2 },
    })
  })

  it.each<[string, number[], string[]]>([
    ['the first message', [1, 2, 3], ['0:0:1:0:0']],
    ['one in the middle', [0, 1, 3], ['0:0:1:0:2']],
    ['the last messages, which no later one betrays', [0, 1], ['0:0:1:0:2', '0:0:1:0:3']],
  ])('finds the loss of %s', (_, numbers, lost) => {
    const result = judge([book(4)], seen(numbers))
    expect(result.total.counts).toMatchObject({ expected: 4, delivered: numbers.length, lost: lost.length })
    expect(result.ids['vanished-in-broker']).toEqual(lost)
    expect(result.groups[0]?.exhibits.lost).toEqual(lost)
  })

  it('finds the loss of all of a stream when others of its entry are seen', () => {
    const result = judge([book(4), book(2, [], 1, 1)], seen([0, 1, 2, 3]))
    expect(result.ids['vanished-in-broker']).toEqual(['1:0:1:0:0', '1:0:1:0:1'])
  })

  it('calls nothing lost of an entry that nothing was ever seen of: the probe may not be allowed to', () => {
    const result = judge([book(4), book(2, [], 2, 1)], seen([]))
    expect(result.total.counts).toMatchObject({ expected: 6, lost: 0, inconclusive: 6 })
    expect(result.groups.map(({ isProven }) => isProven)).toEqual([false, false])
  })

  it('puts each message to the first stage that explains it', () => {
    const exceptions: BookException[] = [
      { from: 0, to: 1, end: 'not-sent', reason: 'offline' },
      { from: 2, to: 2, end: 'rejected', reasonCode: 0x97 },
      { from: 3, to: 4, end: 'in-doubt', reason: 'session-lost' },
    ]
    const { total } = judge([book(8, exceptions)], seen([4, 5, 7]))
    expect(total.attribution).toEqual({
      'not-sent': 2,
      rejected: 1,
      'sent-not-acknowledged': 1,
      delivered: 3,
      'vanished-in-broker': 1,
      'lost-at-qos-0': 0,
      inconclusive: 0,
    })
    expect(total.counts).toMatchObject({ expected: 5, delivered: 3, missing: 2, unconfirmed: 1, lost: 1 })
  })

  it('keeps epochs of a stream apart', () => {
    const ledger = new ObserverLedger(space)
    for (const [epoch, seq] of [
      [0, 0],
      [1, 1],
    ] as const)
      ledger.see({ device: 0, publish: 0, qos: 1, epoch, seq }, 0, 0, true)
    const reading = { ...ledger.reading(), foreign: 0, damaged: 0, retained: 0, health: healthy }
    const { ids } = judge([book(2), { ...book(2), epoch: 1 }], reading)
    expect(ids['vanished-in-broker']).toEqual(['0:0:1:0:1', '0:0:1:1:0'])
  })

  it('counts QoS 0 that was sent and never seen as lost, under its own label', () => {
    const { total } = judge([book(4, [], 0)], seen([0, 3], 0))
    expect(total.attribution['lost-at-qos-0']).toBe(2)
    expect(total.counts).toMatchObject({ lost: 2, unconfirmed: 0 })
  })

  it('calls a rejected message that arrives an aborted read, not a delivery', () => {
    const { groups, total } = judge(
      [book(3, [{ from: 1, to: 1, end: 'rejected', reasonCode: 0x87 }])],
      seen([0, 1, 2]),
    )
    expect(total.counts).toMatchObject({ expected: 2, delivered: 2, abortedReads: 1, phantom: 0 })
    expect(groups[0]?.exhibits['aborted-read']).toEqual(['0:0:1:0:1'])
  })
})

describe('phantoms', () => {
  it('are numbers that the device never reached, or never sent', () => {
    const { groups, total } = judge(
      [book(3, [{ from: 1, to: 1, end: 'not-sent', reason: 'queue-full' }])],
      seen([0, 1, 2, 7, 9]),
    )
    expect(total.counts).toMatchObject({ expected: 2, delivered: 2, missing: 0, phantom: 3 })
    expect(groups[0]?.exhibits.phantom).toEqual(['0:0:1:0:7', '0:0:1:0:9', '0:0:1:0:1'])
  })

  it('do not make honest messages behind them look reordered', () => {
    const { total } = judge([book(4)], seen([0, 1_000, 1, 2, 3]))
    expect(total.counts).toMatchObject({ delivered: 4, lost: 0, phantom: 1, reordered: 0, orderUnjudged: 3 })
  })

  it('are all messages of a stream that no device opened', () => {
    expect(judge([], seen([0, 1])).total.counts).toMatchObject({ expected: 0, delivered: 0, phantom: 2 })
  })

  it('that fit no stream of the profile count in the total, with their ids', () => {
    const ledger = new ObserverLedger(space)
    ledger.see({ device: 9, publish: 0, qos: 1, epoch: 0, seq: 4 }, 0, 0, true)
    const reading = { ...ledger.reading(), foreign: 0, damaged: 0, retained: 0, health: healthy }
    const { fleets, strays, total } = judge([], reading)
    expect(total.counts?.phantom).toBe(1)
    expect(fleets.map(({ counts }) => counts?.phantom)).toEqual([0, 0])
    expect(strays).toEqual(['9:0:1:0:4'])
  })
})

describe('an observer that was blind', () => {
  const from = (fromMs: number, toMs: number) => ({ blind: [{ fromMs, toMs, why: 'connection lost' }] })
  // 0, 1 and 2 arrive at 0, 2 and 4 s; 3 is missing; 4 opens the hole at 6 s; 5 comes at 8 s; 6 never comes.
  const numbers = [0, 1, 2, 4, 5]

  it.each<[string, number, number, { lost: number; inconclusive: number }]>([
    ['well before the neighbours of a hole', 0, 2_900, { lost: 2, inconclusive: 0 }],
    ['a moment before the neighbours of a hole', 0, 3_100, { lost: 1, inconclusive: 1 }],
    ['between the neighbours of a hole', 4_400, 5_600, { lost: 1, inconclusive: 1 }],
    ['after a later message had opened the hole', 6_100, 6_900, { lost: 2, inconclusive: 0 }],
    ['after the last arrival', 9_000, 9_500, { lost: 1, inconclusive: 1 }],
    ['throughout', 0, Number.POSITIVE_INFINITY, { lost: 0, inconclusive: 2 }],
  ])('%s leaves open just what may have passed it', (_, fromMs, toMs, expected) => {
    expect(judge([book(7)], seen(numbers, 1, from(fromMs, toMs))).total.counts).toMatchObject({
      ...expected,
      missing: 2,
    })
  })

  it('leaves open what was sent while it was blind, though its predecessor was delivered afterwards', () => {
    const ledger = new ObserverLedger(space)
    // The broker kept 1 over the break and dropped 2, its queue being full; both were sent during the break.
    for (const [seq, sentMs, tMs] of [
      [0, 1_000, 1_001],
      [1, 5_000, 12_000],
      [3, 11_000, 12_001],
    ] as const)
      ledger.see({ device: 0, publish: 0, qos: 1, epoch: 0, seq }, tMs, 0, true, sentMs)
    const health = { ...healthy, ...from(4_000, 10_000) }
    const reading = { ...ledger.reading(), foreign: 0, damaged: 0, retained: 0, health }
    expect(judge([book(4)], reading).total.counts).toMatchObject({ lost: 0, inconclusive: 1 })
  })

  it('leaves everything open where no order is promised', () => {
    const ledger = new ObserverLedger(space)
    for (const [seq, lane] of [
      [0, 0],
      [2, 1],
    ])
      ledger.see({ device: 0, publish: 0, qos: 1, epoch: 0, seq: seq ?? 0 }, 10, lane ?? 0, true)
    const health = { ...healthy, ...from(9_000, 9_900) }
    const reading = { ...ledger.reading(), foreign: 0, damaged: 0, retained: 0, health }
    expect(judge([book(3)], reading).total.counts).toMatchObject({ lost: 0, inconclusive: 1 })
  })

  it('leaves a stream open that it saw nothing of', () => {
    expect(judge([book(2)], seen([], 1, from(5, 6))).total.counts).toMatchObject({ lost: 0, inconclusive: 2 })
  })

  it('has no say about messages that nobody promised', () => {
    const inDoubt = book(1, [{ from: 0, to: 0, end: 'in-doubt', reason: 'unacknowledged' }])
    expect(judge([inDoubt], seen([], 1, from(0, 9))).total.counts).toMatchObject({
      unconfirmed: 1,
      inconclusive: 0,
    })
  })

  it('proves no loss when it was overloaded, or when the drain was cut short', () => {
    const overloaded = judge([book(7)], seen(numbers, 1, { overloaded: true }))
    const cutShort = judge([book(7)], seen(numbers), { settled: false })
    for (const { total } of [overloaded, cutShort])
      expect(total.counts).toMatchObject({ missing: 2, lost: 0, inconclusive: 2 })
  })
})

describe('devices whose shard died', () => {
  const lastKnown = [
    { ...emptyBooks(), generated: 12, notSent: { total: 2, byReason: {} }, sent: 10, acked: 9 },
  ]
  const lostDevices = { has: (device: number) => device === 0, lastKnown }

  it('are neither lost nor phantom: what nobody saw is inconclusive', () => {
    const { total } = judge([book(5, [], 1, 1)], seen([0, 1, 3]), { lostDevices })
    expect(total.counts).toMatchObject({ delivered: 3, phantom: 0, lost: 5, inconclusive: 7, expected: 15 })
    expect(total.attribution).toMatchObject({
      delivered: 3,
      'not-sent': 2,
      inconclusive: 7,
      'vanished-in-broker': 5,
    })
  })

  it('count by what was last known even if some of their books had come before', () => {
    const { total } = judge([book(10)], seen([0, 1, 3]), { lostDevices })
    expect(total.counts).toMatchObject({ expected: 10, delivered: 3, lost: 0, inconclusive: 7 })
  })

  it('may have sent more than was last known', () => {
    const { total } = judge([], seen(Array.from({ length: 30 }, (_, seq) => seq)), { lostDevices })
    expect(total.counts).toMatchObject({ expected: 30, delivered: 30, missing: 0, phantom: 0 })
  })
})

describe('what cannot be observed', () => {
  it('is attributed from the side of the device only, and not judged', () => {
    const unmarked: StreamBook = {
      ...book(4, [{ from: 0, to: 0, end: 'not-sent', reason: 'offline' }]),
      device: 2,
    }
    const { fleets } = judge([unmarked], seen([]))
    expect(fleets[1]).toMatchObject({
      attribution: { 'not-sent': 1, inconclusive: 3 },
      counts: { expected: 0, missing: 0, inconclusive: 0 },
    })
  })

  it('has no counts at all without a probe', () => {
    const { fleets, total } = judge([book(4)], null)
    expect(total).toMatchObject({ counts: null, attribution: { inconclusive: 4 } })
    expect(fleets[0]?.counts).toBeNull()
  })
})
