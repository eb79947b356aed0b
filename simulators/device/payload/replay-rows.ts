/** What a row is decides where the marker goes. */
export type RowKind = 'object' | 'empty-object' | 'array' | 'empty-array' | 'csv' | 'text'

/** The rows of a file as one run of bytes, shared by all devices: a million rows cost no million objects. */
export interface ReplayRows {
  readonly count: number
  readonly bytes: Uint8Array
  /** Row n is bytes[starts[n]..starts[n + 1]). */
  readonly starts: Uint32Array
  readonly kinds: readonly RowKind[]
  /** Length of the longest row. */
  readonly longest: number
}

/** Packs rows that are already in their final form. */
export function rowsOf(texts: readonly string[], kinds: readonly RowKind[]): ReplayRows {
  const bytes = Buffer.from(texts.join(''), 'utf8')
  const starts = new Uint32Array(texts.length + 1)
  let longest = 0
  texts.forEach((text, index) => {
    const length = Buffer.byteLength(text, 'utf8')
    starts[index + 1] = (starts[index] ?? 0) + length
    longest = Math.max(longest, length)
  })
  return { count: texts.length, bytes, starts, kinds, longest }
}
