import { describe, expect, it } from 'vitest'
import { parseProfile } from './parse.ts'
import type { Problem } from './problem.ts'

function problems(text: string): Problem[] {
  const parsed = parseProfile(text)
  return parsed.ok ? [] : parsed.problems
}

/** Path and message of every problem of a profile with these fleets. */
function said(profile: object): [string, string][] {
  return problems(JSON.stringify(profile)).map(({ path, message }) => [path, message])
}

const publish = { topic: 't/{{device}}', every: '1s' }
const fleet = { count: 2, publish: [publish] }
const withFleet = (extra: object) => ({ version: 1, fleets: [{ ...fleet, ...extra }] })
const withPublish = (extra: object) => withFleet({ publish: [{ ...publish, ...extra }] })

describe('a profile that cannot be read at all', () => {
  it.each([
    ['', 'empty', 'the file is empty', 1, 1],
    [' \n ', 'empty', 'the file is empty', 1, 1],
    ['hello', 'not-json', /no JSON value, at "hello"/, 1, 1],
    ['{\n "version": 1,\n}', 'not-json', 'not JSON: there is a comma before "}"', 3, 1],
    ['{\n // note\n}', 'not-json', /JSON has no comments/, 2, 2],
    ['{"version": 01}', 'not-json', /JSON/, 1, 14],
    ['{"version": 1', 'not-json', /a closing "}" is missing/, 1, 14],
    ['[]', 'not-a-profile', 'a profile is a JSON object, not an array', 1, 1],
    ['"x"', 'not-a-profile', 'a profile is a JSON object, not a string', 1, 1],
    ['{\n  "version": 7 }', 'version', 'made by a newer Flotilla, version 7; this one reads up to 1', 2, 14],
    ['['.repeat(5_000), 'too-deep', /nested deeper than 64/, 1, 65],
    [`[${'1,'.repeat(50_001)}1]`, 'too-large', /more than 50000 values/, 1, 1],
    [`{"name": "${'x'.repeat(1_048_576)}"}`, 'too-large', /larger than 1 MB/, 1, 1],
  ])('%.20j gets one clear problem', (text, code, message, line, column) => {
    const found = problems(text)

    expect(found).toHaveLength(1)
    expect(found[0]).toMatchObject({ code, line, column, message: expect.stringMatching(message) })
    expect(found[0]?.hint).not.toBe('')
  })
})

describe('a profile', () => {
  it('may begin with a byte order mark', () => {
    expect(parseProfile(`\uFEFF${JSON.stringify(withFleet({}))}`).ok).toBe(true)
  })

  it('gets its names and stages where it has none', () => {
    const text = JSON.stringify({ version: 1, fleets: [fleet, { ...fleet, name: 'fleet1' }, fleet] })

    const parsed = parseProfile(text, { fileName: '/home/me/line 3.flotilla.json' })

    expect(parsed).toMatchObject({
      ok: true,
      profile: {
        name: 'line 3',
        fleets: [{ name: 'fleet4' }, { name: 'fleet1' }, { name: 'fleet3' }],
        stages: [{ for: 30_000, rate: 1 }],
      },
    })
    expect(parseProfile(text)).toMatchObject({ profile: { name: 'Untitled' } })
  })

  it('keeps references to secrets in its source', () => {
    const profile = withFleet({ auth: { password: `\${secret:METERS}` } })

    expect(parseProfile(JSON.stringify(profile))).toMatchObject({ ok: true, source: profile })
  })

  it('has all its problems told at once, in the order of the file, each in its place', () => {
    const text = `{
  "version": 1,
  "nmae": "x",
  "broker": { "url": "mqtt://host", "tls": {} },
  "fleets": [
    { "name": "a", "count": 1, "publish": [{ "topic": "a/#", "every": "5 sec" }] },
    { "name": "a", "count": 0 },
    { "name": "b", "count": 2, "clientId": "same", "publish": [{ "topic": "x" }] }
  ],
  "thresholds": ["lots == 0"]
}`

    expect(problems(text).map(({ line, column, path }) => [line, column, path])).toEqual([
      [3, 3, 'nmae'],
      [4, 37, 'broker.tls'],
      [6, 55, 'fleets[0].publish[0].topic'],
      [6, 71, 'fleets[0].publish[0].every'],
      [7, 29, 'fleets[1].count'],
      [8, 44, 'fleets[2].clientId'],
      [8, 64, 'fleets[2].publish[0]'],
      [10, 18, 'thresholds[0]'],
    ])
  })

  it('is judged across its fleets although one of them cannot be read', () => {
    const profile = {
      version: 1,
      fleets: [
        { count: 'many' },
        { ...fleet, name: 'a' },
        { ...fleet, name: 'a', clientId: 'other-{{index}}' },
      ],
    }

    expect(said(profile)).toContainEqual(['fleets[2].name', 'a fleet above is named "a" too'])
  })

  it.each([
    ['is wrong', { count: 0 }],
    ['is missing', {}],
  ])('has its thresholds judged although the count of its only fleet %s', (_how, only) => {
    expect(said({ version: 1, fleets: [only], thresholds: ['lots == 0'] })).toEqual([
      [expect.stringMatching(/^fleets\[0\]/), expect.anything()],
      ['thresholds[0]', expect.stringContaining('there is no metric "lots"')],
    ])
  })

  it('may not have a key twice, nor one that reaches into a prototype', () => {
    const text =
      '{ "version": 1, "version": 1,\n "__proto__": {}, "fleets": [{ "constructor": 1, "count": 1 }] }'

    expect(problems(text).map(({ code, path, line }) => [code, path, line])).toEqual([
      ['duplicate-key', 'version', 1],
      ['forbidden-key', '__proto__', 2],
      ['forbidden-key', 'fleets[0].constructor', 2],
    ])
  })

  it('without a usable version has its other problems told as well', () => {
    expect(said({ fleets: [] })).toEqual([
      ['', 'the profile has no "version"'],
      ['fleets', 'must have at least 1 entry, not 0'],
    ])
    expect(said({ ...withFleet({}), version: '1' })).toEqual([['version', '"1" is no version of a profile']])
  })

  it('that is something else altogether does not flood the screen', () => {
    const fleets = Array.from({ length: 60 }, () => ({ a: 1, b: 2, c: 3, d: 4, e: 5 }))

    const found = problems(JSON.stringify({ version: 1, fleets }))

    expect(found).toHaveLength(201)
    expect(found.at(-1)).toMatchObject({ code: 'more', message: 'and 160 more' })
  })
})

describe('a wrong value', () => {
  it.each<[object, string, string | RegExp]>([
    [withFleet({ cont: 5 }), 'fleets[0].cont', 'unknown key "cont"'],
    [withFleet({ count: undefined }), 'fleets[0].count', '"count" is missing'],
    [withFleet({ count: '5' }), 'fleets[0].count', 'must be a number, not "5"'],
    [withFleet({ count: -1 }), 'fleets[0].count', 'must be at least 1, not -1'],
    [
      withPublish({ every: '-3s' }),
      'fleets[0].publish[0].every',
      '"-3s" is not a duration such as "250ms", "10s", "2m" or "1h"',
    ],
    [
      withPublish({ every: 5 }),
      'fleets[0].publish[0].every',
      '5 is not a duration such as "250ms", "10s", "2m" or "1h"',
    ],
    [withPublish({ every: '0s' }), 'fleets[0].publish[0].every', 'must be longer than zero'],
    [withPublish({ rate: '1/s' }), 'fleets[0].publish[0]', 'needs exactly one of "every" and "rate"'],
    [withPublish({ qos: 3 }), 'fleets[0].publish[0].qos', 'must be 0 or 1 or 2 or an object, not 3'],
    [
      withPublish({ arrival: 'poison' }),
      'fleets[0].publish[0].arrival',
      'must be "constant" or "jitter" or "poisson" or an object, not "poison"; did you mean "poisson"?',
    ],
    [
      withPublish({ payload: { jsn: 1 } }),
      'fleets[0].publish[0].payload',
      'holds none of "json", "csv", "text", "binary", "replay"; did you mean "json"?',
    ],
    [
      withPublish({ payload: { json: {}, csv: ['a'] } }),
      'fleets[0].publish[0].payload.csv',
      '"csv" does not go together with "json"',
    ],
    [
      withPublish({ payload: { binary: {} } }),
      'fleets[0].publish[0].payload.binary',
      'holds none of "size", "hex", "base64"',
    ],
    [
      withPublish({ payload: { json: { a: ['{{uniform 1}}'] } } }),
      'fleets[0].publish[0].payload.json.a[0]',
      /^\{\{uniform 1\}\} has 1 arguments/,
    ],
    [
      withFleet({ reconnect: { policy: 'expo' } }),
      'fleets[0].reconnect.policy',
      '"expo" is none of "none", "fixed", "exponential"',
    ],
    [withFleet({ offline: { stor: 1 } }), 'fleets[0].offline.stor', 'unknown key "stor"'],
    [{ ...withFleet({}), thresholds: [{ check: 'lost == 0' }] }, 'thresholds[0].after', '"after" is missing'],
  ])('%# is explained by the option that was meant', (profile, path, message) => {
    expect(said(profile)).toEqual([[path, expect.stringMatching(message)]])
  })

  it('says what the key is for, or which key was meant', () => {
    const hints = problems(JSON.stringify(withFleet({ cont: 5, count: 'x' }))).map(({ hint }) => hint)

    expect(hints).toEqual(['Number of devices. For example 500.', 'Did you mean "count"?'])
  })
})
