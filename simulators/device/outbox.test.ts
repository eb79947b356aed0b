import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Outbox, type Waiting } from './outbox.ts'

function message(seq: number): Waiting {
  return { entry: 0, qos: 1, seq, intendedMs: seq }
}

describe('outbox of a device', () => {
  it('hands back the oldest message when it is full and drops the oldest', () => {
    const outbox = new Outbox(2, 'drop-oldest')

    const dropped = [1, 2, 3, 4].map((seq) => outbox.push(message(seq))?.seq)

    expect(dropped).toEqual([undefined, undefined, 1, 2])
    expect(outbox.peek()?.seq).toBe(3)
  })

  it('hands back the new message when it is full and drops the newest', () => {
    const outbox = new Outbox(2, 'drop-newest')

    const dropped = [1, 2, 3, 4].map((seq) => outbox.push(message(seq))?.seq)

    expect(dropped).toEqual([undefined, undefined, 3, 4])
    expect(outbox.peek()?.seq).toBe(1)
  })

  it('loses nothing: what went in is what came out, was handed back or still waits, in order', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 70 }),
        fc.constantFrom('drop-oldest' as const, 'drop-newest' as const),
        fc.array(fc.boolean(), { maxLength: 400 }),
        (limit, full, steps) => {
          const outbox = new Outbox(limit, full)
          const out: number[] = []
          const back: number[] = []
          let next = 0
          for (const isPush of steps) {
            const item = isPush ? outbox.push(message(next++)) : outbox.shift()
            if (item) (isPush ? back : out).push(item.seq)
            expect(outbox.size).toBeLessThanOrEqual(limit)
          }
          const waiting: number[] = []
          for (let item = outbox.shift(); item; item = outbox.shift()) waiting.push(item.seq)

          const kept = [...out, ...waiting]
          expect(kept).toEqual([...kept].sort((a, b) => a - b))
          expect([...kept, ...back].sort((a, b) => a - b)).toEqual(
            Array.from({ length: next }, (_, seq) => seq),
          )
        },
      ),
    )
  })
})
