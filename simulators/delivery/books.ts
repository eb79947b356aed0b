import type { Books, StreamBook } from './types.ts'

/** Books with nothing in them. */
export function emptyBooks(): Books {
  return {
    generated: 0,
    notSent: { total: 0, byReason: {} },
    sent: 0,
    acked: 0,
    rejected: { total: 0, byCode: {} },
    inDoubt: { total: 0, byReason: {} },
  }
}

/** Adds one stream to `books`; `codeName` says what a reason code is called in them. */
export function addStream(
  books: Books,
  stream: StreamBook,
  codeName: (code: number) => string = hexCode,
): void {
  let excepted = 0
  let notSent = 0
  for (const exception of stream.exceptions) {
    const count = exception.to - exception.from + 1
    excepted += count
    if (exception.end === 'not-sent') {
      notSent += count
      books.notSent.total += count
      bump(books.notSent.byReason, exception.reason, count)
    } else if (exception.end === 'rejected') {
      books.rejected.total += count
      bump(books.rejected.byCode, codeName(exception.reasonCode), count)
    } else {
      books.inDoubt.total += count
      bump(books.inDoubt.byReason, exception.reason, count)
    }
  }
  books.generated += stream.generated
  books.sent += stream.generated - notSent
  const rest = stream.generated - excepted
  if (stream.qos > 0) books.acked += rest
  else if (rest > 0) {
    // MQTT acknowledges no QoS 0 message: sent is all that can be known.
    books.inDoubt.total += rest
    bump(books.inDoubt.byReason, 'qos0', rest)
  }
}

/** The books of some streams. */
export function booksOf(streams: Iterable<StreamBook>, codeName?: (code: number) => string): Books {
  const books = emptyBooks()
  for (const stream of streams) addStream(books, stream, codeName)
  return books
}

/** The sum of books, of fleets or shards. */
export function sumBooks(all: Iterable<Books>): Books {
  const sum = emptyBooks()
  for (const books of all) {
    sum.generated += books.generated
    sum.sent += books.sent
    sum.acked += books.acked
    sum.notSent.total += books.notSent.total
    sum.rejected.total += books.rejected.total
    sum.inDoubt.total += books.inDoubt.total
    addCounts(sum.notSent.byReason, books.notSent.byReason)
    addCounts(sum.rejected.byCode, books.rejected.byCode)
    addCounts(sum.inDoubt.byReason, books.inDoubt.byReason)
  }
  return sum
}

/** The laws that books break, in words with the numbers; none when they balance. */
export function imbalances(books: Books): string[] {
  const { generated, notSent, sent, acked, rejected, inDoubt } = books
  const laws: [string, number, number][] = [
    ['generated = not sent + sent', generated, notSent.total + sent],
    ['sent = acked + rejected + in doubt', sent, acked + rejected.total + inDoubt.total],
    ['not sent = sum of its reasons', notSent.total, total(notSent.byReason)],
    ['rejected = sum of its codes', rejected.total, total(rejected.byCode)],
    ['in doubt = sum of its reasons', inDoubt.total, total(inDoubt.byReason)],
  ]
  const broken = laws.filter(([, left, right]) => left !== right)
  const negative = [generated, notSent.total, sent, acked, rejected.total, inDoubt.total].some((n) => n < 0)
  return [
    ...broken.map(([law, left, right]) => `${law}: ${left} is not ${right}`),
    ...(negative ? ['a count is below zero'] : []),
  ]
}

/** Whether generated = not sent + sent, and sent = acked + rejected + in doubt. */
export function balanced(books: Books): boolean {
  return imbalances(books).length === 0
}

function hexCode(code: number): string {
  return `0x${code.toString(16).padStart(2, '0')}`
}

function bump<Key extends string>(counts: Partial<Record<Key, number>>, key: Key, count: number): void {
  counts[key] = (counts[key] ?? 0) + count
}

function addCounts<Key extends string>(
  into: Partial<Record<Key, number>>,
  from: Partial<Record<Key, number>>,
): void {
  for (const key in from) bump(into, key, from[key] ?? 0)
}

function total(counts: Partial<Record<string, number>>): number {
  return Object.values(counts).reduce((sum: number, count) => sum + (count ?? 0), 0)
}
