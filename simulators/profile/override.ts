import { AppError } from '../errors.ts'
import { fleetNames } from './complete.ts'
import { nearest } from './nearest.ts'
import { FORBIDDEN_KEYS, isRecord } from './problem.ts'

type Container = Record<string, unknown> | unknown[]

const EXAMPLE = 'Write path=value, such as fleets[0].count=10, fleets.meters.publish[0].every=5s or seed=7.'

/**
 * The JSON of a profile with `path=value` settings put in; a value is JSON where it can be read as such and text
 * otherwise. What comes out is judged by parseProfile like any other.
 */
export function applyOverrides(source: unknown, overrides: readonly string[]): unknown {
  const changed: unknown = structuredClone(source)
  for (const override of overrides) apply(changed, override)
  return changed
}

function apply(root: unknown, override: string): void {
  const equals = override.indexOf('=')
  const segments = equals > 0 ? readPath(override.slice(0, equals).trim()) : undefined
  if (!segments) throw refusal(override, 'it is no path=value')
  let container = containerOf(root)
  if (!container) throw refusal(override, 'the profile is no JSON object')

  for (const [index, segment] of segments.entries()) {
    const key = keyIn(container, segment, override)
    if (index === segments.length - 1) {
      put(container, key, readValue(override.slice(equals + 1)))
      return
    }
    const value = get(container, key)
    // What a profile leaves out can be set too: "broker.url" where there is no "broker" yet.
    const next = value === undefined ? emptyFor(segments[index + 1]) : containerOf(value)
    if (!next) throw refusal(override, `"${segment}" is a value, so nothing can be set inside it`)
    if (value === undefined) put(container, key, next)
    container = next
  }
}

function readPath(text: string): (string | number)[] | undefined {
  if (!/^[$\w-]+(\.[$\w-]+|\[\d{1,6}\])*$/.test(text)) return undefined
  return [...text.matchAll(/\[(\d+)\]|([$\w-]+)/g)].map(([, index, key]) =>
    index ? Number(index) : (key ?? ''),
  )
}

function readValue(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** The key of an object or the index of an array that a segment names; a fleet can be named. */
function keyIn(container: Container, segment: string | number, override: string): string | number {
  if (!Array.isArray(container)) {
    if (FORBIDDEN_KEYS.has(String(segment))) throw refusal(override, `the key "${segment}" is not allowed`)
    return String(segment)
  }
  const index =
    typeof segment === 'number' || /^\d{1,6}$/.test(segment) ? Number(segment) : named(container, segment)
  if (index === undefined) {
    const names = namesOf(container)
    const meant = nearest(String(segment), names)
    const known =
      names.length > 0 ? `; ${meant ? `did you mean "${meant}"?` : `known are ${names.join(', ')}`}` : ''
    throw refusal(override, `nothing is named "${segment}"${known}`)
  }
  if (index > container.length)
    throw refusal(override, `there are ${container.length} entries, so [${index}] does not exist`)
  return index
}

function named(list: readonly unknown[], name: string | number): number | undefined {
  const index = namesOf(list).indexOf(String(name))
  return index < 0 ? undefined : index
}

/** Names as parseProfile would give them to fleets; entries of other lists have none. */
function namesOf(list: readonly unknown[]): string[] {
  if (!list.every((item) => isRecord(item) && ('count' in item || 'name' in item))) return []
  return fleetNames(
    list.map((item) => (isRecord(item) && typeof item.name === 'string' ? { name: item.name } : {})),
  )
}

function containerOf(value: unknown): Container | undefined {
  return Array.isArray(value) || isRecord(value) ? value : undefined
}

function emptyFor(next: string | number | undefined): Container {
  return typeof next === 'number' ? [] : {}
}

function get(container: Container, key: string | number): unknown {
  if (Array.isArray(container)) return container[Number(key)]
  return Object.hasOwn(container, key) ? container[key] : undefined
}

function put(container: Container, key: string | number, value: unknown): void {
  if (Array.isArray(container)) container[Number(key)] = value
  else container[key] = value
}

function refusal(override: string, why: string): AppError {
  return new AppError({ code: 'BAD_USAGE', message: `cannot set "${override}": ${why}`, hint: EXAMPLE })
}
