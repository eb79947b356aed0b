// Long because every promise of the engine is shown on the same virtual clock.
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { MemoryBroker } from '../../tests/support/memory-broker.ts'
import { balanced, booksOf } from '../delivery/books.ts'
import { compilePublish } from '../device/payload/program.ts'
import { LatencyHistogram, loadHistograms } from '../metrics/histogram.ts'
import { WHOLE } from '../plan/partition.ts'
import { parseProfile } from '../profile/parse.ts'
import type { ProfileInput } from '../profile/schema/profile.ts'
import { buildDevices, createFleets, taskStride } from './build-devices.ts'
import { ShardEngine } from './shard-engine.ts'

beforeAll(loadHistograms)

/** A shard on a virtual clock against a broker in memory. */
function shardOf(input: ProfileInput) {
  const parsed = parseProfile(JSON.stringify({ broker: { url: 'mqtt://localhost', protocol: 4 }, ...input }))
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
  const { profile } = parsed
  const broker = new MemoryBroker()
  const fleets = createFleets(profile)
  const histogram = new LatencyHistogram()
  let nowMs = 0
  const engine = new ShardEngine({
    clock: () => nowMs,
    stride: taskStride(profile),
    histograms: profile.fleets.map(() => ({ ack: histogram, connect: histogram })),
    lateness: histogram,
    open: () => broker.open,
  })
  const files = {
    rows: () => {
      throw new Error('no files here')
    },
  }
  const programs = profile.fleets.map((fleet) =>
    fleet.publish.map((publish) => compilePublish(publish, { protocol: 4, files })),
  )
  const facts = {
    profile,
    run: 1,
    share: WHOLE,
    wallClock: { zeroMs: 0 },
    fleets,
    programs,
    protocols: profile.fleets.map(() => 4 as const),
  }
  for (const device of buildDevices({ ...facts, context: engine, sessions: engine.sessions }))
    engine.add(device)
  return {
    engine,
    broker,
    fleet: fleets[0] ?? expect.fail('no fleet'),
    /** Lets time pass in steps of 10 ms. */
    pass(ms: number) {
      const end = nowMs + ms
      while (nowMs < end) {
        nowMs = Math.min(end, nowMs + 10)
        engine.advance(nowMs)
        broker.settle()
      }
    },
    books() {
      engine.finish()
      broker.settle()
      return booksOf(engine.books())
    },
  }
}

const every = (publish: object = {}) =>
  [{ topic: 't/{{device}}', every: '100ms', qos: 1, ...publish }] as ProfileInput['fleets'][0]['publish']

describe('a shard', () => {
  it('connects every device and publishes on schedule', () => {
    const shard = shardOf({
      version: 1,
      fleets: [{ count: 5, connect: { rate: '1000/s' }, publish: every() }],
      stages: [{ for: '2s' }],
    })

    shard.pass(2_100)

    expect(shard.fleet.connected).toBe(5)
    expect(shard.books()).toMatchObject({ generated: 100, sent: 100, acked: 100 })
    expect(shard.broker.received).toHaveLength(100)
  })

  it('keeps what is due while the broker is away, drops the oldest, and sends the rest when it is back', () => {
    const shard = shardOf({
      version: 1,
      fleets: [
        { count: 1, publish: every(), offline: { store: 5 }, reconnect: { policy: 'fixed', delay: '1s' } },
      ],
      stages: [{ for: '3s' }],
    })

    shard.pass(500)
    shard.broker.behaviour.accepts = false
    shard.broker.crash()
    shard.pass(1_500)
    shard.broker.behaviour.accepts = true
    shard.pass(1_500)

    const books = shard.books()
    expect(shard.fleet).toMatchObject({ disconnects: 1, reconnects: 1 })
    expect(books.notSent.byReason['queue-full']).toBeGreaterThan(5)
    expect(books.acked).toBe(books.sent)
    expect(balanced(books)).toBe(true)
  })

  it('drops what is due while offline when the fleet says so', () => {
    const shard = shardOf({
      version: 1,
      fleets: [{ count: 1, publish: every(), offline: 'drop', reconnect: { policy: 'none' } }],
      stages: [{ for: '1s' }],
    })

    shard.pass(500)
    shard.broker.crash()
    shard.pass(600)

    const books = shard.books()
    expect(books.notSent).toEqual({ total: 5, byReason: { offline: 5 } })
    expect(books.sent).toBe(5)
  })

  it('never has more than its in-flight limit unacknowledged, and puts the rest in doubt or keeps it', () => {
    const shard = shardOf({
      version: 1,
      fleets: [{ count: 1, publish: every(), session: { inFlight: 3 } }],
      stages: [{ for: '1s' }],
    })
    shard.broker.behaviour.acknowledges = false

    shard.pass(1_100)

    expect(shard.broker.received).toHaveLength(3)
    expect(shard.books()).toMatchObject({
      generated: 10,
      notSent: { byReason: { 'still-queued': 7 } },
      inDoubt: { total: 3, byReason: { unacknowledged: 3 } },
    })
  })

  it('lets devices go when the stages say so, and counts that as no disconnect', () => {
    const shard = shardOf({
      version: 1,
      fleets: [{ count: 4, connect: { rate: '1000/s' }, publish: every() }],
      stages: [{ for: '1s' }, { for: '1s', devices: '0%' }, { for: '1s' }],
    })

    shard.pass(1_000)
    expect(shard.fleet.connected).toBe(4)
    shard.pass(1_500)

    expect(shard.fleet).toMatchObject({ connected: 0, disconnects: 0 })
    expect(shard.books().inDoubt.total).toBe(0)
  })

  it('does not call a device early that was sent away while it waited to reconnect', () => {
    const shard = shardOf({
      version: 1,
      fleets: [{ count: 1, publish: every(), reconnect: { policy: 'fixed', delay: '2s' } }],
      stages: [{ for: '1s' }, { for: '1ms', devices: '0%' }, { for: '5s' }, { for: '1ms', devices: '100%' }],
    })
    shard.pass(900)
    shard.broker.crash()

    shard.pass(5_000)

    expect(shard.fleet).toMatchObject({ connected: 0, reconnects: 0 })
    shard.pass(200)
    expect(shard.fleet).toMatchObject({ connected: 1, reconnects: 1 })
  })

  it('does not send a device away for a patience that ended in an earlier stage', () => {
    const shard = shardOf({
      version: 1,
      fleets: [{ count: 1, publish: every() }],
      stages: [{ for: '1s' }, { for: '1ms', devices: '0%' }, { for: '2s' }, { for: '8s', devices: '100%' }],
    })
    shard.broker.behaviour.acknowledges = false
    shard.pass(1_500)
    shard.broker.crash()
    shard.broker.behaviour.acknowledges = true

    shard.pass(9_000)

    expect(shard.fleet).toMatchObject({ connected: 1 })
  })

  it('is not quiet while a device connects for the first time', () => {
    const shard = shardOf({
      version: 1,
      fleets: [{ count: 2, connect: { rate: '2/s' }, publish: [] }],
      stages: [{ for: '600ms' }],
    })
    shard.pass(500)
    shard.engine.advance(501)
    shard.engine.drain()
    expect(shard.engine.quiet).toBe(false)

    shard.broker.settle()

    expect(shard.engine.quiet).toBe(true)
    expect(shard.fleet.everConnected).toBe(2)
  })

  it('calls nobody any more once it drains', () => {
    const shard = shardOf({
      version: 1,
      fleets: [{ count: 10, connect: { rate: '10/s' }, publish: every() }],
      stages: [{ for: '5s' }],
    })
    shard.pass(450)
    shard.engine.drain()

    shard.pass(2_000)

    expect(shard.fleet.everConnected).toBe(5)
  })

  it('makes no more connections at a time than the fleet allows', () => {
    const shard = shardOf({
      version: 1,
      fleets: [{ count: 20, connect: { rate: '100000/s', inFlight: 4 } }],
      stages: [{ for: '1s' }],
    })
    let most = 0
    const connect = shard.broker.open
    Object.assign(shard.broker, {
      open: (events: Parameters<typeof connect>[0]) => {
        most = Math.max(most, shard.broker.connected + 1 - shard.fleet.connected)
        return connect(events)
      },
    })

    shard.pass(1_000)

    expect(shard.fleet.connected).toBe(20)
    expect(most).toBeLessThanOrEqual(4)
  })

  it('balances its books whatever the broker does', () => {
    const step = fc.record({
      ms: fc.integer({ min: 10, max: 900 }),
      accepts: fc.boolean(),
      acknowledges: fc.boolean(),
      crash: fc.boolean(),
    })
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 12 }),
        fc.constantFrom(0, 1, 2, { '0': 1, '1': 1, '2': 1 }),
        fc.boolean(),
        fc.constantFrom('drop' as const, { store: 3 }, { store: 3, full: 'drop-newest' as const }),
        (steps, qos, cleanStart, offline) => {
          const fleet = { count: 3, offline, session: { cleanStart, inFlight: 2 }, publish: every({ qos }) }
          const reconnect = { policy: 'fixed', delay: '200ms' } as const
          const shard = shardOf({
            version: 1,
            fleets: [{ ...fleet, reconnect, clientId: '{{device}}' }],
            stages: [{ for: '5s' }],
          })
          for (const { ms, accepts, acknowledges, crash } of steps) {
            Object.assign(shard.broker.behaviour, { accepts, acknowledges })
            if (crash) shard.broker.crash()
            shard.pass(ms)
          }

          const books = shard.books()
          const { fleet: live } = shard
          expect(balanced(books)).toBe(true)
          expect(live).toMatchObject({
            generated: books.generated,
            notSent: books.notSent.total,
            sent: books.sent,
            acked: books.acked,
            waiting: 0,
            connected: 0,
          })
          // Every message that was sent reached the broker, or a connection that broke took it along.
          expect(
            new Set(shard.broker.received.map(({ payload }) => String(payload))).size,
          ).toBeLessThanOrEqual(books.sent)
        },
      ),
      { numRuns: 60 },
    )
  })
})
