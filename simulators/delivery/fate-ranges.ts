import type { Fate, Sight } from './evidence.ts'
import type { StreamBook } from './types.ts'
import type { Absence } from './visibility.ts'

/** Numbers from..to of a stream that ended alike for their device. */
export interface FateRange {
  from: number
  to: number
  fate: Fate
}

/** The whole of a stream, 0 to generated - 1, as ranges of one fate. */
export function fateRanges({ generated, exceptions, qos }: StreamBook): FateRange[] {
  const usual: Fate = qos === 0 ? 'sent' : 'acked'
  const ranges: FateRange[] = []
  let next = 0
  for (const { from, to, end } of exceptions) {
    if (from > next) ranges.push({ from: next, to: from - 1, fate: usual })
    ranges.push({ from, to, fate: end })
    next = to + 1
  }
  if (next < generated) ranges.push({ from: next, to: generated - 1, fate: usual })
  return ranges
}

/** Cuts ranges of fate at the borders of what is absent, and tells of each piece from number `start` upwards. */
export function eachPiece(
  ranges: readonly FateRange[],
  absences: readonly Absence[],
  start: number,
  tell: (from: number, to: number, fate: Fate, sight: Sight) => void,
): void {
  let at = 0
  for (const { from, to, fate } of ranges) {
    let next = Math.max(from, start)
    while (next <= to) {
      while ((absences[at]?.to ?? Infinity) < next) at++
      const absence = absences[at]
      if (absence === undefined || absence.from > to) {
        tell(next, to, fate, 'seen')
        next = to + 1
      } else if (absence.from > next) {
        tell(next, absence.from - 1, fate, 'seen')
        next = absence.from
      } else {
        const end = Math.min(to, absence.to)
        tell(next, end, fate, absence.sight)
        next = end + 1
      }
    }
  }
}
