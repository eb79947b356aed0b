import type { z } from 'zod'
import { type JsonSchema, schemasAt } from './json-schema.ts'
import { nearest } from './nearest.ts'
import { type Complaint, FORBIDDEN_KEYS, isRecord, type Path, showValue, valueAt } from './problem.ts'
import { flattenUnion, type Issue, pathOf } from './union-issues.ts'

/** Unknown keys that are named one by one in an object; a file that is something else altogether has hundreds. */
const MAX_UNKNOWN_KEYS = 20

/** What the schema has against a profile, in words for a person. */
export function schemaComplaints(error: z.ZodError, source: unknown, schema: JsonSchema): Complaint[] {
  const issues = error.issues.flatMap((issue) => flattenUnion(issue, source, []))
  return issues.flatMap((issue) => complaintsOf(issue, source, schema))
}

function complaintsOf(issue: Issue, source: unknown, schema: JsonSchema): Complaint[] {
  const path = pathOf(issue.path)
  if (issue.code === 'unrecognized_keys')
    return issue.keys
      .filter((key) => !FORBIDDEN_KEYS.has(key))
      .slice(0, MAX_UNKNOWN_KEYS)
      .map((key) => unknownKey(key, path, source, schema))
  const value = valueAt(source, path)
  const missing = value === undefined && path.length > 0
  if (missing) {
    const name = path.at(-1)
    return [
      {
        code: 'missing',
        path,
        message: typeof name === 'string' ? `${JSON.stringify(name)} is missing` : 'a value is missing',
        hint: hintAt(path, schema),
      },
    ]
  }
  return [{ code: 'invalid', path, message: messageOf(issue, value), hint: hintOf(issue, path, schema) }]
}

function unknownKey(key: string, path: Path, source: unknown, schema: JsonSchema): Complaint {
  const here = schemasAt(schema, path)
  const known = [...new Set(here.flatMap((option) => Object.keys(option.properties ?? {})))]
  const complaint = { code: 'unknown-key', path: [...path, key] } as const
  if (known.includes(key)) {
    const others = Object.keys(siblings(source, path)).filter(
      (other) => other !== key && known.includes(other),
    )
    return {
      ...complaint,
      message: `"${key}" does not go together with ${others.map((other) => `"${other}"`).join(' and ')}`,
      hint: hintAt(path, schema),
    }
  }
  const meant = nearest(key, known)
  return {
    ...complaint,
    message: `unknown key ${JSON.stringify(key.slice(0, 80))}`,
    hint: meant
      ? `Did you mean "${meant}"?`
      : `Known keys here: ${known.filter((name) => name !== '$schema').join(', ')}.`,
  }
}

function siblings(source: unknown, path: Path): Record<string, unknown> {
  const value = valueAt(source, path)
  return isRecord(value) ? value : {}
}

function messageOf(issue: Issue, value: unknown): string {
  switch (issue.code) {
    case 'invalid_type':
      // A quantity brings its own message, with examples; the texts of zod itself begin with these words.
      return issue.message.startsWith('Invalid input')
        ? `must be ${NOUNS[issue.expected] ?? issue.expected}, not ${showValue(value)}`
        : issue.message
    case 'invalid_value':
      return `${showValue(value)} is none of ${issue.values.map((wanted) => JSON.stringify(wanted)).join(', ')}`
    case 'too_small':
    case 'too_big':
      return sizeMessage(issue, value)
    case 'invalid_format':
      return issue.message.startsWith('Invalid ')
        ? `${showValue(value)} is not ${issue.format}`
        : issue.message
    case 'invalid_union':
      return issue.message
    case 'invalid_key':
      return `a name here has 1 to 256 characters, none of them U+0000`
    default:
      return issue.message
  }
}

function sizeMessage(issue: Extract<Issue, { code: 'too_small' | 'too_big' }>, value: unknown): string {
  const [word, limit] = issue.code === 'too_small' ? ['at least', issue.minimum] : ['at most', issue.maximum]
  if (issue.origin === 'string') {
    if (value === '') return 'must not be empty'
    return `must have ${word} ${limit} characters, not ${String(value).length}`
  }
  if (issue.origin === 'array') {
    const count = Array.isArray(value) ? value.length : 0
    return `must have ${word} ${limit} ${limit === 1 ? 'entry' : 'entries'}, not ${count}`
  }
  return `must be ${word} ${limit}, not ${showValue(value)}`
}

const NOUNS: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'a string',
  boolean: 'true or false',
  object: 'an object { ... }',
  array: 'an array [ ... ]',
  record: 'an object { ... }',
}

function hintOf(issue: Issue, path: Path, schema: JsonSchema): string {
  if (issue.code === 'custom' && typeof issue.params?.hint === 'string') return issue.params.hint
  return hintAt(path, schema)
}

/** What the reference says of a key, with an example. */
function hintAt(path: Path, schema: JsonSchema): string {
  const here = schemasAt(schema, path)
  const described = here.find((option) => option.description !== undefined)
  const example = here.find((option) => option.examples !== undefined)?.examples?.[0]
  const shown = example === undefined ? '' : ` For example ${JSON.stringify(example)}.`
  const text = `${described?.description ?? ''}${shown}`.trim()
  return text === '' ? 'docs/profile.md tells what may stand here.' : text
}
