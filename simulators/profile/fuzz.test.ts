import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseProfile } from './parse.ts'
import { withoutSecrets } from './secrets.ts'

const folder = new URL('../../assets/samples/', import.meta.url)
const samples = readdirSync(folder)
  .filter((name) => name.endsWith('.flotilla.json'))
  .map((name) => readFileSync(new URL(name, folder), 'utf8'))

/** A profile from a stranger is refused with problems that have their place in the text, or accepted; nothing else. */
function judge(text: string): void {
  const parsed = parseProfile(text)
  const lines = text.replace(/^\uFEFF/, '').split('\n')
  for (const { line, column, message, hint } of parsed.ok ? parsed.warnings : parsed.problems) {
    expect(line).toBeGreaterThanOrEqual(1)
    expect(line).toBeLessThanOrEqual(lines.length)
    expect(column).toBeGreaterThanOrEqual(1)
    expect(column).toBeLessThanOrEqual((lines[line - 1]?.length ?? 0) + 1)
    expect(message).not.toMatch(/undefined|NaN|\[object/)
    expect(hint).not.toBe('')
  }
  if (parsed.ok) withoutSecrets(parsed.source)
  else expect(parsed.problems.length).toBeGreaterThan(0)
}

type Change = { at: number; with: unknown } | { at: number; rename: string } | { at: number; drop: true }

/** Changes the n-th value of a JSON tree. */
function mutate(value: unknown, change: Change, counter: { left: number }): unknown {
  if (counter.left-- === 0 && 'with' in change) return change.with
  if (Array.isArray(value)) return value.map((item) => mutate(item, change, counter))
  if (typeof value !== 'object' || value === null) return value
  const entries: [string, unknown][] = []
  for (const [key, item] of Object.entries(value)) {
    if (counter.left === 0 && 'drop' in change) counter.left--
    else if (counter.left === 0 && 'rename' in change) {
      counter.left--
      entries.push([change.rename, item])
    } else entries.push([key, mutate(item, change, counter)])
  }
  return Object.fromEntries(entries)
}

const leaf = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom(
    '5 sec',
    '-3s',
    '{{seq}}',
    '{{x',
    '${secret:A}',
    '%u',
    '1s',
    '10%',
    '5/s',
    '#',
    '',
    'mqtts://h',
    1e9,
  ),
  fc.constantFrom({}, [], null, { size: 1 }, { burst: 0 }, { '0': 1 }, { policy: 'fixed' }),
)
const at = fc.integer({ min: 0, max: 80 })
const key = fc.oneof(
  fc.string(),
  fc.constantFrom('__proto__', 'constructor', 'count', 'tls', 'json', 'marker'),
)
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ at, with: leaf }),
  fc.record({ at, rename: key }),
  fc.record({ at, drop: fc.constant(true as const) }),
)

describe('a profile from a stranger', () => {
  it('may be any JSON', () => {
    fc.assert(fc.property(fc.json(), judge))
  })

  it('may be any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), judge))
  })

  it('may be a sample with values changed, renamed and dropped', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...samples),
        fc.array(change, { minLength: 1, maxLength: 4 }),
        fc.constantFrom(0, 2),
        (text, changes, indent) => {
          const value = changes.reduce<unknown>(
            (tree, change) => mutate(tree, change, { left: change.at }),
            JSON.parse(text),
          )
          judge(JSON.stringify(value, null, indent) ?? 'null')
        },
      ),
      { numRuns: 400 },
    )
  })

  it('may be a sample with pieces of its text cut out, doubled or swapped', () => {
    const cut = fc.record({
      from: fc.nat(3_000),
      length: fc.nat(20),
      by: fc.constantFrom('', '"', '{', ',', '\\', '\uFEFF'),
    })
    fc.assert(
      fc.property(
        fc.constantFrom(...samples),
        fc.array(cut, { minLength: 1, maxLength: 3 }),
        (text, cuts) => {
          judge(
            cuts.reduce(
              (left, { from, length, by }) => left.slice(0, from) + by + left.slice(from + length),
              text,
            ),
          )
        },
      ),
      { numRuns: 300 },
    )
  })
})
