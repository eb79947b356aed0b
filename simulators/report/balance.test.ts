import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  attributionOf,
  booksOf,
  deliveryOf,
  latencies,
  percentiles,
  runOutcome,
} from '../../tests/support/run-outcome.ts'
import { checkBalance } from './balance.ts'
import { buildReport } from './build.ts'
import type { FleetOutcome, Latencies, Outcome } from './outcome.ts'
import { type Report, reportSchema } from './schema.ts'

const natural = fc.nat(1_000_000)

const ends = fc.record({
  acked: natural,
  qos0: natural,
  unacknowledged: natural,
  rejected: natural,
  offline: natural,
  lost: natural,
  unconfirmed: natural,
  inconclusive: natural,
  delivered: natural,
})
type Ends = typeof ends extends fc.Arbitrary<infer E> ? E : never

function outcomeOf(all: Ends[]): Outcome {
  const total = (key: keyof Ends) => all.reduce((sum, each) => sum + each[key], 0)
  const books = booksOf({
    acked: total('acked'),
    qos0: total('qos0'),
    unacknowledged: total('unacknowledged'),
    rejected: total('rejected'),
    offline: total('offline'),
  })
  const delivery = deliveryOf({
    delivered: total('delivered'),
    lost: total('lost'),
    unconfirmed: total('unconfirmed'),
    inconclusive: total('inconclusive'),
  })
  const latency: Latencies = {
    ...latencies(0),
    ack: percentiles(books.acked, 1),
    e2eFromIntended: percentiles(delivery.delivered, 2),
    e2eFromSent: percentiles(delivery.delivered, 1),
  }
  const each = all.length
  return {
    books,
    delivery,
    latency,
    attribution: attributionOf(books, delivery),
    connections: {
      planned: each * 10,
      connected: each * 9,
      failures: each,
      disconnects: each * 2,
      reconnects: each * 2,
      byReason: {},
      received: each * 5,
    },
  }
}

function reportOf(fleets: Ends[]): Report {
  const named = fleets.map(
    (fleet, index): FleetOutcome => ({
      ...outcomeOf([fleet]),
      name: `fleet${index}`,
      devices: 10,
    }),
  )
  return buildReport(runOutcome({ ...outcomeOf(fleets), fleets: named }))
}

const reports = fc.array(ends, { minLength: 1, maxLength: 5 }).map(reportOf)

/** Every place of a report that holds one of the counts that the books are about. */
function countsOf(part: Pick<Report, 'books' | 'connections'> & { observers: { mqtt: object | null } }) {
  const places: { holder: object; key: string }[] = []
  const { notSent } = part.books
  for (const holder of [part.books, notSent, notSent.byReason, part.connections, part.observers.mqtt ?? {}]) {
    for (const [key, value] of Object.entries(holder)) {
      if (typeof value === 'number' && key !== 'maxExtent') places.push({ holder, key })
    }
  }
  return places
}

describe('the balance of a report', () => {
  it('holds for whatever a run can end with, and the schema accepts that report', () => {
    fc.assert(
      fc.property(reports, (report) => {
        expect(checkBalance(report)).toEqual([])
        expect(reportSchema.safeParse(report).success).toBe(true)
      }),
      { numRuns: 50 },
    )
  })

  it('breaks when any one count of the total or of a fleet is off by one, and says where', () => {
    fc.assert(
      fc.property(reports, fc.nat(), (report, pick) => {
        const parts = [report, ...report.fleets]
        const places = parts
          .flatMap(countsOf)
          .filter(({ key }) => !['foreign', 'damaged', 'retained', 'phantom'].includes(key))
        const place = places[pick % places.length]
        if (!place) throw new Error('a report without counts')
        Reflect.set(place.holder, place.key, Number(Reflect.get(place.holder, place.key)) + 1)

        expect(checkBalance(report)).not.toEqual([])
      }),
      { numRuns: 200 },
    )
  })

  it('allows for phantoms that belong to no fleet, and not for fleets with more than there are', () => {
    const report = buildReport(runOutcome())
    const [fleet] = report.fleets
    if (!report.observers.mqtt || !fleet?.observers.mqtt) throw new Error('no observer')

    report.observers.mqtt.phantom = 2
    expect(checkBalance(report)).toEqual([])

    fleet.observers.mqtt.phantom = 3
    expect(checkBalance(report)).toEqual(['total: phantom is 2, the fleets add up to 3'])
  })

  it('puts the broken equation in words', () => {
    const report = buildReport(runOutcome())
    report.books.sent += 1

    expect(checkBalance(report)).toEqual([
      'total: generated = not sent + sent does not hold: 12000 and 12001',
      'total: sent = acked + rejected + in doubt does not hold: 12001 and 12000',
      'total: sent is 12001, the fleets add up to 12000',
    ])
  })
})
