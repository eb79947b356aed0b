import type { FleetReport, Report } from './schema.ts'

type Part = Pick<FleetReport, 'books' | 'connections' | 'observers' | 'attribution' | 'latency'>

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

function sumOf(counts: Record<string, number>): number {
  return sum(Object.values(counts))
}

/** Every equation that must hold inside one part, as [what, left, right]. */
function equations({ books, observers: { mqtt } }: Part): [string, number, number][] {
  const all: [string, number, number][] = [
    ['generated = not sent + sent', books.generated, books.notSent.total + books.sent],
    ['sent = acked + rejected + in doubt', books.sent, books.acked + books.rejected + books.inDoubt],
    ['not sent = its reasons', books.notSent.total, sumOf(books.notSent.byReason)],
    ['rejected = its codes', books.rejected, sumOf(books.rejectedByCode)],
    ['in doubt = its reasons', books.inDoubt, sumOf(books.inDoubtByReason)],
  ]
  if (mqtt) {
    all.push(
      ['expected = delivered + missing', mqtt.expected, mqtt.delivered + mqtt.missing],
      [
        'missing = lost + unconfirmed + inconclusive',
        mqtt.missing,
        mqtt.lost + mqtt.unconfirmed + mqtt.inconclusive,
      ],
    )
  }
  return all
}

/** The counts that add up over fleets. */
function addends({
  books,
  connections,
  observers: { mqtt },
  attribution,
  latency,
}: Part): Record<string, number> {
  const { planned, connected, failures, disconnects, reconnects, received } = connections
  const all: Record<string, number> = {
    generated: books.generated,
    'not sent': books.notSent.total,
    sent: books.sent,
    acked: books.acked,
    rejected: books.rejected,
    'in doubt': books.inDoubt,
    ...{ planned, connected, failures, disconnects, reconnects, received },
  }
  for (const [label, value] of Object.entries(attribution)) all[`attribution ${label}`] = value
  for (const [name, value] of Object.entries(latency)) all[`latency ${name}`] = value.count
  if (mqtt) {
    const { expected, delivered, missing, late, lost, unconfirmed, inconclusive } = mqtt
    const { duplicates, reordered, orderUnjudged, corrupt, phantom, abortedReads, unresolved } = mqtt
    Object.assign(all, { expected, delivered, missing, late, lost, unconfirmed, inconclusive })
    Object.assign(all, {
      duplicates,
      reordered,
      orderUnjudged,
      corrupt,
      phantom,
      'aborted reads': abortedReads,
      unresolved,
    })
  }
  return all
}

function unbalanced(who: string, part: Part): string[] {
  return equations(part)
    .filter(([, left, right]) => left !== right)
    .map(([what, left, right]) => `${who}: ${what} does not hold: ${left} and ${right}`)
}

/** Every equation of the books that does not hold, in words. Anything but an empty list is a defect of Flotilla. */
export function checkBalance(report: Report): string[] {
  const parts = report.fleets.map(addends)
  const sums = Object.entries(addends(report)).map(([what, total]): [string, number, number] => [
    what,
    total,
    sum(parts.map((part) => part[what] ?? 0)),
  ])
  // What belongs to no stream of the profile is phantom in the total and at no fleet.
  const broken = sums.filter(([what, total, fleets]) =>
    what === 'phantom' ? total < fleets : total !== fleets,
  )
  return [
    ...unbalanced('total', report),
    ...report.fleets.flatMap((fleet) => unbalanced(`fleet ${fleet.name}`, fleet)),
    ...broken.map(([what, total, fleets]) => `total: ${what} is ${total}, the fleets add up to ${fleets}`),
  ]
}
