import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { QoS } from '../profile/profile.ts'
import { addStream, balanced, booksOf, emptyBooks, imbalances, sumBooks } from './books.ts'
import { StreamRecorder } from './stream-recorder.ts'
import type { BookException, StreamBook } from './types.ts'

const id = (qos: QoS = 1) => ({ device: 7, publish: 0, qos, epoch: 0 })

function recorderOf(generated: number, qos: QoS = 1): StreamRecorder {
  const recorder = new StreamRecorder(id(qos))
  for (let seq = 0; seq < generated; seq++) recorder.generate()
  return recorder
}

describe('a stream recorder', () => {
  it('numbers messages from 0 and keeps nothing of those that end well', () => {
    const recorder = new StreamRecorder(id())
    expect([recorder.generate(), recorder.generate()]).toEqual([0, 1])
    recorder.acknowledged(0)
    expect(recorder.book()).toEqual({ ...id(), generated: 2, exceptions: [] })
  })

  it('merges neighbours of one fate into a range, in whatever order they come', () => {
    const recorder = recorderOf(9)
    for (const seq of [2, 4, 3]) recorder.notSent(seq, 'offline')
    recorder.notSent(5, 'queue-full')
    recorder.rejected(7, 0x87)
    recorder.rejected(6, 0x87)
    expect(recorder.book().exceptions).toEqual([
      { from: 2, to: 4, end: 'not-sent', reason: 'offline' },
      { from: 5, to: 5, end: 'not-sent', reason: 'queue-full' },
      { from: 6, to: 7, end: 'rejected', reasonCode: 0x87 },
    ])
  })

  it('takes a message out of doubt when a resumed session has it acknowledged', () => {
    const recorder = recorderOf(5)
    for (const seq of [1, 2, 3]) recorder.inDoubt(seq, 'unacknowledged')
    recorder.acknowledged(2)
    expect(recorder.book().exceptions).toEqual([
      { from: 1, to: 1, end: 'in-doubt', reason: 'unacknowledged' },
      { from: 3, to: 3, end: 'in-doubt', reason: 'unacknowledged' },
    ])
  })

  it('lets a later word about a message replace the earlier one', () => {
    const recorder = recorderOf(2)
    recorder.inDoubt(0, 'unacknowledged')
    recorder.rejected(0, 0x97)
    expect(recorder.book().exceptions).toEqual([{ from: 0, to: 0, end: 'rejected', reasonCode: 0x97 }])
  })

  it('refuses word of a message that was never generated', () => {
    expect(() => recorderOf(3).rejected(3, 0x80)).toThrow('3 of 3 was never generated')
  })
})

type Fate = 'acked' | 'offline' | 'queue-full' | 'session-lost' | 'unacknowledged' | 0x87 | 0x97
const fate = fc.constantFrom<Fate>(
  'acked',
  'offline',
  'queue-full',
  'session-lost',
  'unacknowledged',
  0x87,
  0x97,
)
const history = fc.array(fc.record({ seq: fc.nat(24), fate }), { maxLength: 80 })
const streamHistory = fc.record({ qos: fc.constantFrom<QoS>(0, 1, 2), history })

function record(recorder: StreamRecorder, seq: number, end: Fate): void {
  if (end === 'acked') recorder.acknowledged(seq)
  else if (end === 'offline' || end === 'queue-full') recorder.notSent(seq, end)
  else if (typeof end === 'number') recorder.rejected(seq, end)
  else recorder.inDoubt(seq, end)
}

function fateOf(exception: BookException | undefined): Fate | string {
  if (exception === undefined) return 'acked'
  return exception.end === 'rejected' ? `${exception.reasonCode}` : exception.reason
}

function bookOf({ qos, history }: { qos: QoS; history: { seq: number; fate: Fate }[] }): StreamBook {
  const recorder = recorderOf(25, qos)
  for (const { seq, fate } of history) record(recorder, seq, fate)
  return recorder.book()
}

it('holds the last word about every message, in sorted ranges that could not be fewer, for any history', () => {
  fc.assert(
    fc.property(history, (history) => {
      const last = new Map<number, Fate>(history.map(({ seq, fate }) => [seq, fate]))
      const { exceptions } = bookOf({ qos: 1, history })
      for (let seq = 0; seq < 25; seq++)
        expect(fateOf(exceptions.find(({ from, to }) => from <= seq && seq <= to))).toBe(
          `${last.get(seq) ?? 'acked'}`,
        )
      exceptions.slice(1).forEach((exception, at) => {
        const before = exceptions[at]
        expect(exception.from).toBeGreaterThan(before?.to ?? -1)
        if (exception.from === (before?.to ?? 0) + 1) expect(fateOf(exception)).not.toBe(fateOf(before))
      })
    }),
    { numRuns: 1_000 },
  )
})

describe('books', () => {
  it('put QoS 0 in doubt, since nobody ever acknowledges it', () => {
    const recorder = recorderOf(10, 0)
    recorder.notSent(3, 'offline')
    expect(booksOf([recorder.book()])).toEqual({
      generated: 10,
      notSent: { total: 1, byReason: { offline: 1 } },
      sent: 9,
      acked: 0,
      rejected: { total: 0, byCode: {} },
      inDoubt: { total: 9, byReason: { qos0: 9 } },
    })
  })

  it('name reason codes as they are told to', () => {
    const recorder = recorderOf(1)
    recorder.rejected(0, 0x97)
    const named = emptyBooks()
    addStream(named, recorder.book(), () => 'quota exceeded (0x97)')
    expect(booksOf([recorder.book()]).rejected.byCode).toEqual({ '0x97': 1 })
    expect(named.rejected.byCode).toEqual({ 'quota exceeded (0x97)': 1 })
  })

  it('balance for any history of any streams, one by one and summed', () => {
    fc.assert(
      fc.property(fc.array(streamHistory, { maxLength: 5 }), (histories) => {
        const books = histories.map(bookOf)
        const whole = booksOf(books)
        expect(imbalances(whole)).toEqual([])
        expect(whole.generated).toBe(25 * histories.length)
        expect(sumBooks(books.map((book) => booksOf([book])))).toEqual(whole)
      }),
    )
  })

  it('say which law they break', () => {
    const books = { ...emptyBooks(), generated: 3, sent: 2 }
    expect(balanced(books)).toBe(false)
    expect(imbalances(books)).toEqual([
      'generated = not sent + sent: 3 is not 2',
      'sent = acked + rejected + in doubt: 2 is not 0',
    ])
  })
})
