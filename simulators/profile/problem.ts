/** Where a value stands in a profile: keys and array indexes from the root. */
export type Path = readonly (string | number)[]

export type ProblemCode =
  | 'too-large'
  | 'empty'
  | 'not-json'
  | 'too-deep'
  | 'duplicate-key'
  | 'forbidden-key'
  | 'not-a-profile'
  | 'version'
  | 'missing'
  | 'unknown-key'
  | 'invalid'
  | 'inconsistent'
  | 'threshold'
  | 'warning'
  | 'more'

/** What is wrong with a profile, in its place in the file and with what to do about it. */
export interface Problem {
  code: ProblemCode
  /** Such as "fleets[0].publish[1].every"; empty for the file as a whole. */
  path: string
  /** Counted from 1. */
  line: number
  /** Counted from 1, in UTF-16 units as editors do. */
  column: number
  message: string
  hint: string
}

/** A problem whose place in the file has yet to be looked up. */
export interface Complaint {
  code: ProblemCode
  path: Path
  message: string
  hint: string
}

/** Keys that would reach into the program that reads them. */
export const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

/** A path as a person writes it. */
export function formatPath(path: Path): string {
  let text = ''
  for (const segment of path) {
    if (typeof segment === 'number') text += `[${segment}]`
    else if (/^[$\w-]+$/.test(segment)) text += text === '' ? segment : `.${segment}`
    else text += `[${JSON.stringify(segment)}]`
  }
  return text
}

/** A problem as one line for a terminal: FILE:LINE:COLUMN path: message. */
export function formatProblem(problem: Problem, fileName: string): string {
  const path = problem.path === '' ? '' : `${problem.path}: `
  return `${fileName}:${problem.line}:${problem.column} ${path}${problem.message}`
}

/** The value at a path, or undefined. */
export function valueAt(root: unknown, path: Path): unknown {
  let value = root
  for (const segment of path) {
    if (value === null || typeof value !== 'object' || !Object.hasOwn(value, segment)) return undefined
    // hasOwn has just shown that the key exists.
    value = (value as Record<string | number, unknown>)[segment]
  }
  return value
}

/** A plain JSON object, as opposed to an array, null or a scalar. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A value as a message names it: short, containers by their kind. */
export function showValue(value: unknown): string {
  if (isRecord(value)) return 'an object'
  if (Array.isArray(value)) return 'an array'
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}
