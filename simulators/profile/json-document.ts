import { findNodeAtLocation, type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser'
import {
  type Complaint,
  FORBIDDEN_KEYS,
  formatPath,
  type Path,
  type Problem,
  type ProblemCode,
} from './problem.ts'
import { TextLines } from './text-lines.ts'

/** Profiles are read whole and come from strangers. */
export const MAX_PROFILE_BYTES = 1_048_576
/** Deeper nesting than any profile needs, and far below what recursion can stand. */
const MAX_DEPTH = 64
/** More entries than any profile needs; zod fails on the stack when it has as many issues as arguments fit on it. */
const MAX_ENTRIES = 50_000

/** A JSON text with its value and the place of every part. */
export interface JsonDocument {
  value: unknown
  /** Gives a complaint its line and column; the place of the nearest part that exists. */
  place(complaint: Complaint): Problem
}

export type ReadJson =
  | { ok: true; document: JsonDocument; problems: Problem[] }
  | { ok: false; problems: [Problem] }

/** Reads strict JSON; duplicate and dangerous keys are problems of a document that can still be judged. */
export function readJson(raw: string): ReadJson {
  const text = raw.startsWith('\uFEFF') ? raw.slice(1) : raw
  if (Buffer.byteLength(text) > MAX_PROFILE_BYTES)
    return refusal('too-large', 'the profile is larger than 1 MB', 'Move large payloads to a replay file.')
  const lines = new TextLines(text)
  if (text.trim() === '')
    return refusal('empty', 'the file is empty', 'flotilla init NAME writes a profile to begin with.')
  const beyond = excess(text)
  if (typeof beyond === 'number')
    return refusal(
      'too-deep',
      `nested deeper than ${MAX_DEPTH} levels`,
      'No profile needs this; check the brackets.',
      lines.at(beyond),
    )

  if (beyond === 'too-many')
    return refusal(
      'too-large',
      `the profile holds more than ${MAX_ENTRIES} values`,
      'Move large payloads to a replay file.',
    )

  const errors: ParseError[] = []
  const root = parseTree(text, errors, { disallowComments: true, allowTrailingComma: false })
  const value = parseStrictly(text)
  const error = errors[0]
  if (error || !root || value === undefined)
    return refusal('not-json', syntaxMessage(text, error), JSON_HINT, lines.at(error?.offset ?? 0))

  const place = (complaint: Complaint) => placed(complaint, offsetOf(root, complaint), lines)
  const problems: Problem[] = []
  checkKeys(root, [], (complaint, offset) => problems.push(placed(complaint, offset, lines)))
  return { ok: true, document: { value: value.value, place }, problems }
}

const JSON_HINT =
  'A profile is plain JSON: keys and strings in double quotes, commas between entries, no comments.'

function refusal(
  code: ProblemCode,
  message: string,
  hint: string,
  at = { line: 1, column: 1 },
): { ok: false; problems: [Problem] } {
  return { ok: false, problems: [{ code, path: '', ...at, message, hint }] }
}

/** The library is lenient in corners (numbers such as 01), so JSON.parse has the last word and makes the value. */
function parseStrictly(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) }
  } catch {
    return undefined
  }
}

/** Offset of the bracket that goes too deep, or whether there are too many values; the parser recurses, this does not. */
function excess(text: string): number | 'too-many' | undefined {
  let depth = 0
  let entries = 0
  let inString = false
  for (let at = 0; at < text.length; at++) {
    const char = text[at]
    if (inString) {
      if (char === '\\') at += 1
      else if (char === '"') inString = false
    } else if (char === '"') inString = true
    else if (char === '{' || char === '[') {
      if (++depth > MAX_DEPTH) return at
    } else if (char === '}' || char === ']') depth -= 1
    else if (char === ',' && ++entries > MAX_ENTRIES) return 'too-many'
  }
  return undefined
}

const SYNTAX: Readonly<Record<string, string>> = {
  InvalidCommentToken: 'JSON has no comments',
  PropertyNameExpected: 'a key in double quotes is wanted here',
  ValueExpected: 'a value is wanted here',
  ColonExpected: 'a colon is missing here',
  CommaExpected: 'a comma is missing here',
  CloseBraceExpected: 'a closing "}" is missing here',
  CloseBracketExpected: 'a closing "]" is missing here',
  EndOfFileExpected: 'there is text behind the end of the profile',
  UnexpectedEndOfString: 'a string is not closed',
  InvalidEscapeCharacter: 'a string holds an unknown escape',
  InvalidCharacter: 'a string holds a control character; write it as an escape such as \\n',
}

function syntaxMessage(text: string, error: ParseError | undefined): string {
  if (!error) return 'the file is not JSON'
  const name = printParseErrorCode(error.error)
  const found = text.slice(error.offset, error.offset + 20).split('\n', 1)[0]
  const trailing = /,\s*$/.test(text.slice(0, error.offset)) && /^[}\]]/.test(found ?? '')
  if (trailing) return `not JSON: there is a comma before "${found?.[0]}"`
  return `not JSON: ${SYNTAX[name] ?? 'this is no JSON value'}${found ? `, at ${JSON.stringify(found)}` : ''}`
}

function placed(complaint: Complaint, offset: number, lines: TextLines): Problem {
  const { code, path, message, hint } = complaint
  return { code, path: formatPath(path), ...lines.at(offset), message, hint }
}

/** Offset of the value at a path (of the key where the key itself is wrong), or of what exists of it. */
function offsetOf(root: Node, { path, code }: Complaint): number {
  for (let length = path.length; length > 0; length--) {
    const node = findNodeAtLocation(root, path.slice(0, length))
    if (!node) continue
    // Containers are pointed at by their key, scalars by themselves.
    const byKey = code === 'unknown-key' || node.type === 'object' || node.type === 'array'
    const property = node.parent?.type === 'property' ? node.parent : undefined
    return byKey && property && length === path.length ? property.offset : node.offset
  }
  return root.offset
}

function checkKeys(node: Node, path: Path, report: (complaint: Complaint, offset: number) => void): void {
  if (node.type === 'array') {
    for (const [index, item] of (node.children ?? []).entries()) checkKeys(item, [...path, index], report)
  }
  if (node.type !== 'object') return
  const seen = new Set<string>()
  for (const property of node.children ?? []) {
    const [key, value] = property.children ?? []
    if (typeof key?.value !== 'string') continue
    const here = [...path, key.value]
    const name = JSON.stringify(key.value)
    if (seen.has(key.value))
      report(
        {
          code: 'duplicate-key',
          path: here,
          message: `the key ${name} stands here a second time`,
          hint: 'Remove one of the two; which one counts would be a guess.',
        },
        key.offset,
      )
    seen.add(key.value)
    if (FORBIDDEN_KEYS.has(key.value))
      report(
        {
          code: 'forbidden-key',
          path: here,
          message: `the key ${name} is not allowed`,
          hint: 'It would reach into the program that reads the profile. Choose another name.',
        },
        key.offset,
      )
    if (value) checkKeys(value, here, report)
  }
}
