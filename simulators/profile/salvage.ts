import type { z } from 'zod'
import { isRecord, type Path, valueAt } from './problem.ts'
import { type Profile as Parsed, profileSchema } from './schema/profile.ts'
import { pathOf } from './union-issues.ts'

/** What can still be judged of a profile that breaks its schema. */
export interface Salvaged {
  parsed: Parsed
  /** The path in the file of a path in `parsed`; undefined where something was taken out that may matter there. */
  original(path: Path): Path | undefined
}

/** Rounds of taking out; every round removes at least one value. */
const MAX_ROUNDS = 30

/**
 * Takes out what the schema refuses, so that the checks across the profile can run over the rest and a person
 * sees all problems at once. Undefined when too little is left.
 */
export function salvage(source: unknown, firstError: z.ZodError): Salvaged | undefined {
  const root = structuredClone(source)
  const indexes = new WeakMap<object, number[]>()
  const wounded = new WeakSet<object>()
  let error = firstError
  for (let round = 0; round < MAX_ROUNDS; round++) {
    for (const path of deepestLast(error, root).reverse()) {
      if (!remove(root, path, indexes, wounded)) return undefined
    }
    const result = profileSchema.safeParse(root)
    if (result.success)
      return { parsed: result.data, original: (path) => translate(root, path, indexes, wounded) }
    error = result.error
  }
  return undefined
}

interface Doomed {
  path: Path
  /** An unknown key says nothing about its neighbours; a wrong value does. */
  wounds: boolean
}

function deepestLast(error: z.ZodError, root: unknown): Doomed[] {
  const doomed = new Map<string, Doomed>()
  const doom = (path: Path, wounds: boolean) => doomed.set(JSON.stringify(path), { path, wounds })
  for (const issue of error.issues) {
    const path = pathOf(issue.path)
    if (isCount(path)) doom(path, true)
    else if (issue.code === 'unrecognized_keys') for (const key of issue.keys) doom([...path, key], false)
    else if (valueAt(root, path) !== undefined) doom(path, true)
    else doom(path.slice(0, -1), true)
  }
  // Later entries of an array go first, so that the indexes of the others still hold.
  return [...doomed.values()].sort((left, right) => comparePaths(left.path, right.path))
}

/** The one key that a fleet cannot do without: with another value in its place the rest of the fleet can be judged. */
function isCount(path: Path): boolean {
  return path.length === 3 && path[0] === 'fleets' && path[2] === 'count'
}

function comparePaths(left: Path, right: Path): number {
  for (let at = 0; at < Math.min(left.length, right.length); at++) {
    const [one, other] = [left[at], right[at]]
    if (one === other) continue
    return typeof one === 'number' && typeof other === 'number'
      ? one - other
      : String(one) < String(other)
        ? -1
        : 1
  }
  return left.length - right.length
}

function remove(
  root: unknown,
  { path, wounds }: Doomed,
  indexes: WeakMap<object, number[]>,
  wounded: WeakSet<object>,
): boolean {
  const key = path.at(-1)
  if (key === undefined) return false
  const parent = valueAt(root, path.slice(0, -1))
  if (Array.isArray(parent) && typeof key === 'number') {
    const origins = indexes.get(parent) ?? parent.map((_, index) => index)
    origins.splice(key, 1)
    parent.splice(key, 1)
    indexes.set(parent, origins)
  } else if (isRecord(parent)) {
    if (isCount(path)) parent[key] = 1
    else delete parent[key]
    if (wounds) wounded.add(parent)
  }
  return true
}

function translate(
  root: unknown,
  path: Path,
  indexes: WeakMap<object, number[]>,
  wounded: WeakSet<object>,
): Path | undefined {
  const translated: (string | number)[] = []
  let value = root
  for (const segment of path) {
    const origins = typeof value === 'object' && value !== null ? indexes.get(value) : undefined
    translated.push(typeof segment === 'number' ? (origins?.[segment] ?? segment) : segment)
    if (translated.length === path.length && isRecord(value) && wounded.has(value)) return undefined
    value = valueAt(value, [segment])
  }
  return translated
}
