import type { z } from 'zod'
import { nearest } from './nearest.ts'
import { isRecord, type Path, showValue, valueAt } from './problem.ts'

export type Issue = z.core.$ZodIssue

/** Paths of JSON hold strings and numbers only. */
export function pathOf(path: readonly PropertyKey[]): (string | number)[] {
  return path.map((segment) => (typeof segment === 'number' ? segment : String(segment)))
}

/**
 * The issues of the option of a union that was most likely meant. zod lists what every option has against a value,
 * which nobody can read; its paths inside a union count from the union.
 */
export function flattenUnion(issue: Issue, source: unknown, base: Path): Issue[] {
  const path = [...base, ...pathOf(issue.path)]
  if (issue.code !== 'invalid_union') return [{ ...issue, path }]
  const value = valueAt(source, path)
  if (issue.errors.length === 0) return [{ ...issue, path, message: discriminatorMessage(issue, value) }]

  const options = opened(issue.errors).map((issues) =>
    issues.flatMap((inner) => flattenUnion(inner, source, path)),
  )
  const scores = options.map((issues) => misfit(issues, path, source))
  const least = Math.min(...scores)
  const best = options[scores.indexOf(least)] ?? []
  if (least < MISFIT || isIncomplete(best, path, value)) return best
  return [{ code: 'custom', path, message: noneFits(options.flat(), path, value), params: {} }]
}

/** The options of a union, those of a union directly inside it among them. */
function opened(options: readonly Issue[][]): Issue[][] {
  return options.flatMap((issues) => {
    const [only] = issues
    const nested = issues.length === 1 && only?.code === 'invalid_union' && only.path.length === 0
    return nested && only.errors.length > 0 ? opened(only.errors) : [issues]
  })
}

/** At or above this an option has another type than the value, or wants keys that are not there. */
const MISFIT = 100

/** How far the value is from having the shape of an option; what is wrong deeper inside does not count. */
function misfit(issues: readonly Issue[], path: Path, source: unknown): number {
  let score = 0
  for (const issue of issues) {
    const depth = issue.path.length - path.length
    if (depth === 0 && issue.code === 'unrecognized_keys') score += issue.keys.length
    else if (depth === 0 && (issue.code === 'invalid_type' || issue.code === 'invalid_value'))
      score += MISFIT * 10
    else if (depth === 1 && valueAt(source, pathOf(issue.path)) === undefined) score += MISFIT
    else if (depth === 1 && issue.code === 'invalid_value') score += 1
  }
  return score
}

/** A sentence for a value that fits no option: what could stand here instead. */
function noneFits(issues: readonly Issue[], path: Path, value: unknown): string {
  const suggest = (meant: string | undefined) => (meant === undefined ? '' : `; did you mean "${meant}"?`)
  if (isRecord(value)) {
    const wanted = issues.filter((issue) => issue.path.length === path.length + 1)
    const keys = [...new Set(wanted.map((issue) => String(issue.path.at(-1))))]
    const meant = Object.keys(value).map((key) => nearest(key, keys))
    const names = keys.map((key) => `"${key}"`).join(', ')
    return `holds none of ${names}${suggest(meant.find((key) => key !== undefined))}`
  }
  const here = issues.filter((issue) => issue.path.length === path.length)
  const literals = here.flatMap((issue) => (issue.code === 'invalid_value' ? issue.values : []))
  const names = literals.map((literal) => JSON.stringify(literal))
  for (const [type, noun] of [
    ['string', 'a string'],
    ['object', 'an object'],
  ] as const)
    if (here.some((issue) => issue.code === 'invalid_type' && issue.expected === type)) names.push(noun)
  const meant = typeof value === 'string' ? nearest(value, literals.map(String)) : undefined
  return `must be ${[...new Set(names)].join(' or ')}, not ${showValue(value)}${suggest(meant)}`
}

/** A value that holds only keys of one option and lacks others: what it lacks is all there is to say. */
function isIncomplete(issues: readonly Issue[], path: Path, value: unknown): boolean {
  return (
    isRecord(value) &&
    Object.keys(value).length > 0 &&
    issues.every((issue) => issue.path.length > path.length)
  )
}

function discriminatorMessage(issue: Extract<Issue, { code: 'invalid_union' }>, value: unknown): string {
  const options = 'options' in issue && Array.isArray(issue.options) ? issue.options.map(String) : []
  const meant = typeof value === 'string' ? nearest(value, options) : undefined
  const names = options.map((option) => `"${option}"`).join(', ')
  return `${showValue(value)} is none of ${names}${meant ? `; did you mean "${meant}"?` : ''}`
}
