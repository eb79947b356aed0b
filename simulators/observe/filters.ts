import type { Part, VariablePart } from '../profile/template.ts'

/** Whether `filter` selects `topic`. A wildcard in the first level never selects a topic that begins with $ [MQTT-4.7.2-1]. */
export function filterMatches(filter: string, topic: string): boolean {
  return filtersOverlap(filter, topic)
}

/** Whether some topic is selected by both filters, so that a broker may deliver it twice [MQTT-3.3.4-2]. */
export function filtersOverlap(left: string, right: string): boolean {
  const one = left.split('/')
  const two = right.split('/')
  for (let at = 0; ; at += 1) {
    const here = one[at]
    const there = two[at]
    if (at === 0 && (hidden(here, there) || hidden(there, here))) return false
    // "a/#" selects "a" as well (MQTT 5, 4.7.1.2), so # is compared before the ends are.
    if (here === '#' || there === '#') return true
    if (here === undefined || there === undefined) return here === there
    if (here !== '+' && there !== '+' && here !== there) return false
  }
}

/** Whether `wildcard` cannot select `level` because it is the first level of a $-topic. */
function hidden(wildcard: string | undefined, level: string | undefined): boolean {
  return (wildcard === '+' || wildcard === '#') && level !== undefined && level.startsWith('$')
}

/** The narrowest filter that selects all that two overlapping filters select. */
function mergeFilters(left: string, right: string): string {
  const one = left.split('/')
  const two = right.split('/')
  const merged: string[] = []
  for (let at = 0; at < one.length || at < two.length; at += 1) {
    const here = one[at]
    const there = two[at]
    if (here === '#' || there === '#') return [...merged, '#'].join('/')
    merged.push(here !== undefined && here === there ? here : '+')
  }
  return merged.join('/')
}

/** Filters that select all that the given ones do, no two of which overlap: no message is delivered twice. */
export function disjointFilters(filters: Iterable<string>): string[] {
  const kept = new Set<string>()
  for (const filter of new Set(filters)) {
    let grown = filter
    for (let clash = overlapping(kept, grown); clash !== undefined; clash = overlapping(kept, grown)) {
      kept.delete(clash)
      // Growing may create new overlaps, so it is compared with all the others again.
      grown = mergeFilters(grown, clash)
    }
    kept.add(grown)
  }
  return [...kept]
}

function overlapping(kept: Set<string>, filter: string): string | undefined {
  for (const other of kept) if (filtersOverlap(other, filter)) return other
  return undefined
}

/**
 * The filter that selects whatever a topic template may become: a level that holds a variable becomes `+`.
 * `spansLevels` says of a variable that its text may hold a slash; then the rest of the topic becomes `#`.
 */
export function filterOfTemplate(
  parts: readonly Part[],
  spansLevels: (part: VariablePart) => boolean,
): string {
  let levels = ['']
  let varies = false
  for (const part of parts) {
    if (part.kind === 'variable') {
      if (spansLevels(part)) return [...levels.slice(0, -1), '#'].join('/')
      varies = true
      continue
    }
    const [rest = '', ...further] = part.text.split('/')
    levels[levels.length - 1] += rest
    for (const level of further) {
      if (varies) levels[levels.length - 1] = '+'
      varies = false
      levels.push(level)
    }
  }
  if (varies) levels = [...levels.slice(0, -1), '+']
  return levels.join('/')
}
