import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { linkOf, type Release, rigLink } from '../../tests/support/link-rig.ts'
import { Cell } from './cell.ts'
import type { Direction, Distribution, LaneModel, LinkModel, Loss } from './model.ts'
import { Wheel } from './wheel.ts'

const anyLane: fc.Arbitrary<Partial<LaneModel>> = fc.record(
  {
    rateBitS: fc.integer({ min: 8_000, max: 10_000_000 }),
    burstBytes: fc.integer({ min: 0, max: 5_000 }),
    delayMs: fc.double({ min: 0, max: 200, noNaN: true }),
    jitterMs: fc.double({ min: 0, max: 50, noNaN: true }),
    distribution: fc.constantFrom<Distribution>('uniform', 'normal', 'pareto', 'paretonormal', 'lognormal', {
      table: [-1, 0, 3],
    }),
    correlation: fc.double({ min: 0, max: 0.99, noNaN: true }),
    loss: fc.oneof<fc.Arbitrary<Loss>[]>(
      fc.record({ share: fc.double({ min: 0, max: 0.3, noNaN: true }) }),
      fc.constant({ meanGoodMs: 300, meanBadMs: 60, goodShare: 0.01, badShare: 0.8 }),
    ),
    queue: fc.oneof(fc.constant({ bytes: 1_000 }), fc.constant({ ms: 50 }), fc.constant({ bytes: 1e9 })),
    mtuBytes: fc.integer({ min: 100, max: 1_500 }),
  },
  { requiredKeys: [] },
)

const anyLink: fc.Arbitrary<LinkModel> = fc
  .record({
    up: anyLane,
    down: anyLane,
    halfDuplex: fc.boolean(),
    handshakeRtts: fc.constantFrom(0, 1),
    outages: fc.option(
      fc.constantFrom(
        { kind: 'blackhole', meanUpMs: 800, meanDownMs: 200 } as const,
        { kind: 'blackhole', schedule: [{ atMs: 100, forMs: 400 }] } as const,
      ),
      { nil: undefined },
    ),
    promotion: fc.option(fc.constant({ idleMs: 100, delayMs: 30 }), { nil: undefined }),
    dutyCycle: fc.option(fc.constant({ everyMs: 500, awakeMs: 100 }), { nil: undefined }),
  })
  .map(({ up, down, ...rest }) => linkOf(up, { ...rest, down }))

interface Send {
  atMs: number
  direction: Direction
  size: number
}

const anySends: fc.Arbitrary<Send[]> = fc
  .array(
    fc.record({
      atMs: fc.double({ min: 0, max: 2_000, noNaN: true }),
      direction: fc.constantFrom<Direction>('up', 'down'),
      size: fc.integer({ min: 1, max: 4_000 }),
    }),
    { minLength: 1, maxLength: 40 },
  )
  .map((sends) => sends.sort((a, b) => a.atMs - b.atMs))

const LONG_AFTER_MS = 10_000_000

/** Bytes that tell their place in the stream. */
function numbered(from: number, size: number): Buffer {
  return Buffer.from(Uint8Array.from({ length: size }, (_, index) => (from + index) % 251))
}

function play(model: LinkModel, sends: readonly Send[], stops: readonly number[], changes: LinkModel[] = []) {
  const rig = rigLink(model, { seed: 7, device: 3 })
  const sent = { up: 0, down: 0 }
  const steps = [
    ...sends.map((send) => ({ atMs: send.atMs, send })),
    ...stops.map((atMs) => ({ atMs, send: undefined })),
  ].sort((a, b) => a.atMs - b.atMs)
  for (const { atMs, send } of steps) {
    if (!send) {
      rig.wheel.advance(atMs)
      const change = changes.pop()
      if (change) rig.link.change(change, atMs)
      continue
    }
    rig.pipe.send(send.direction, numbered(sent[send.direction], send.size), atMs)
    sent[send.direction] += send.size
  }
  rig.wheel.advance(LONG_AFTER_MS)
  return { ...rig, sent }
}

function streamOf(releases: readonly Release[], direction: Direction): Buffer {
  return Buffer.concat(releases.filter((one) => one.direction === direction).map(({ bytes }) => bytes))
}

describe('a law of links', () => {
  it('all bytes come out, once and in order, whatever the link does to them', () => {
    fc.assert(
      fc.property(anyLink, anySends, fc.array(anyLink, { maxLength: 4 }), (model, sends, changes) => {
        const stops = changes.map((_, index) => 150 + index * 400)
        const { releases, sent, pipe } = play(model, sends, stops, [...changes])

        for (const direction of ['up', 'down'] as const) {
          expect(streamOf(releases, direction).equals(numbered(0, sent[direction]))).toBe(true)
          expect(pipe[direction].releasedBytes).toBe(sent[direction])
          expect(pipe[direction].backlogBytes).toBe(0)
        }
      }),
      { numRuns: 200 },
    )
  })

  it('same seed, same chunks at the same times, however often the wheel is advanced', () => {
    const anyStops = fc.array(fc.double({ min: 0, max: 3_000, noNaN: true }), { maxLength: 50 })
    const told = ({ releases }: { releases: Release[] }) =>
      releases.map(({ direction, atMs, bytes }) => [direction, atMs, bytes.length])
    fc.assert(
      fc.property(anyLink, anySends, anyStops, (model, sends, stops) => {
        expect(told(play(model, sends, stops))).toEqual(told(play(model, sends, [])))
      }),
      { numRuns: 200 },
    )
  })

  it('over any window no more than the rate and the burst comes out', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 8_000, max: 1_000_000 }),
        fc.integer({ min: 0, max: 6_000 }),
        anySends,
        (rateBitS, burstBytes, sends) => {
          const up = { rateBitS, burstBytes, overheadBytes: 0 }
          const { releases } = play(linkOf(up), sends, [])
          const out = releases.filter(({ direction }) => direction === 'up')
          const most = Math.max(burstBytes, 1_500)
          for (let from = 0; from < out.length; from += 1) {
            let bytes = 0
            for (let to = from; to < out.length; to += 1) {
              bytes += out[to]?.bytes.length ?? 0
              const windowMs = (out[to]?.atMs ?? 0) - (out[from]?.atMs ?? 0)
              expect(bytes).toBeLessThanOrEqual((rateBitS * windowMs) / 8_000 + most + 1e-6)
            }
          }
        },
      ),
      { numRuns: 60 },
    )
  })

  it('no byte comes out before its delay, or what jitter leaves of it, has passed', () => {
    const anyDelay = fc.integer({ min: 0, max: 300 })
    fc.assert(
      fc.property(anyDelay, anyDelay, anySends, (delayMs, jitterMs, sends) => {
        const { releases } = play(linkOf({ delayMs, jitterMs, distribution: 'uniform' }), sends, [])
        const leastMs = Math.max(0, delayMs - jitterMs)
        const ups = sends.filter(({ direction }) => direction === 'up')
        const out = releases.filter(({ direction }) => direction === 'up')
        for (const [index, { atMs }] of ups.entries())
          expect((out[index]?.atMs ?? 0) - atMs).toBeGreaterThanOrEqual(leastMs - 1e-9)
      }),
    )
  })

  it('the shares of a cell add up to its rate and are even among those that have enough to send', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 12 }),
        fc.array(fc.integer({ min: 50, max: 1_400 }), { minLength: 12, maxLength: 12 }),
        (count, sizes) => {
          const wheel = new Wheel()
          const cell = new Cell(wheel, { upBitS: 1e6, downBitS: 1e6 })
          const rigs = Array.from({ length: count }, (_, device) => {
            const up = { rateBitS: 10e6, mtuBytes: (sizes[device] ?? 1_000) + 40, queue: { bytes: 1e9 } }
            return rigLink(linkOf(up), { wheel, cell, device })
          })
          for (const { pipe } of rigs) pipe.send('up', Buffer.alloc(1_000_000), 0)
          wheel.advance(4_000)
          const wire = rigs.map(({ pipe }, device) => {
            const payload = pipe.up.releasedBytes
            return payload + 40 * Math.ceil(payload / (sizes[device] ?? 1))
          })
          const total = wire.reduce((sum, bytes) => sum + bytes, 0)

          expect(Math.abs(total / 500_000 - 1)).toBeLessThan(0.01)
          for (const bytes of wire) expect(Math.abs(bytes - total / count)).toBeLessThan(2 * 1_514)
        },
      ),
      { numRuns: 30 },
    )
  })

  it('what waits is the limit and one write at most, while the sender heeds back-pressure', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20_000 }), anySends, (limit, sends) => {
        const { wheel, pipe } = rigLink(linkOf({ rateBitS: 64_000, queue: { bytes: limit } }))
        let hasRoom = true
        for (const { atMs, size } of sends) {
          wheel.advance(atMs)
          if (!pipe.up.isFull) hasRoom = true
          if (hasRoom) hasRoom = pipe.send('up', Buffer.alloc(size), atMs)
          expect(pipe.up.backlogBytes).toBeLessThan(limit + 4_000)
        }
      }),
    )
  })
})
