import { describe, expect, test } from 'vitest'
import {
  bodyBytes,
  FACTS,
  momentOf,
  publisherOf,
  publishOf,
  textsOf,
} from '../../../tests/support/publishing.ts'
import { COMPACT_LENGTH, COMPACT_MAGIC } from '../../delivery/marker-compact.ts'
import { renderOnce } from './render-once.ts'

const TOKEN = /~fl1:[A-Za-z0-9._:-]+~/
const withoutToken = (text: string) => text.replace(TOKEN, 'TOKEN')
const first = (input: Parameters<typeof publishOf>[0], facts = {}) =>
  withoutToken(textsOf(publishOf(input), 1, { facts })[0] ?? '')

describe('A JSON payload', () => {
  test('is a small reading when the profile names none', () => {
    expect(first({})).toBe(
      '{"at":"2025-11-22T16:05:01.123Z","device":"meters-7","value":20.000,"_fl":"TOKEN"}',
    )
  })

  test('has numbers where a string is one numeric variable, and strings elsewhere', () => {
    const json = { n: '{{seq}}', i: '{{index}}', t: '{{now}}', s: '#{{seq}}', d: '{{device}}', b: true }
    expect(first({ payload: { json }, marker: 'none' })).toBe(
      '{"n":0,"i":7,"t":1763827501123,"s":"#0","d":"meters-7","b":true}',
    )
  })

  test.each([
    [{}, '{"_fl":"TOKEN"}'],
    [{ _fl: 'mine', a: 1 }, '{"a":1,"_fl":"TOKEN"}'],
    [[], '["TOKEN"]'],
    [[1, { a: [] }], '[1,{"a":[]},"TOKEN"]'],
    ['{{seq}}', '0 TOKEN'],
    [null, 'null TOKEN'],
  ])('%j carries its marker as %s', (json, text) => {
    expect(first({ payload: { json } })).toBe(text)
  })

  test('escapes what device names and picks bring along, and leaves keys as they are', () => {
    const json = { d: '{{device}}', p: `{{pick 'a"b\\c'}}`, '%i "{{x': 1 }
    const facts = { device: 'm"😀\n' }
    const text = first({ payload: { json }, marker: 'none' }, facts)
    expect(JSON.parse(text)).toEqual({ d: 'm"😀\n', p: 'a"b\\c', '%i "{{x': 1 })
  })

  test('counts time from the start of the run by the intended time of each message', () => {
    const texts = textsOf(publishOf({ payload: { text: '{{iso}} {{now}}' }, marker: 'none' }), 3)
    expect(texts).toEqual([
      '2025-11-22T16:05:01.123Z 1763827501123',
      '2025-11-22T16:05:02.123Z 1763827502123',
      '2025-11-22T16:05:03.123Z 1763827503123',
    ])
  })
})

describe('A random value', () => {
  const values = (template: string) =>
    textsOf(publishOf({ payload: { json: [template] }, marker: 'none' }), 500).map((text) => {
      const [value]: unknown[] = JSON.parse(text)
      return Number(value)
    })

  test('that is uniform stays between its bounds and fills them', () => {
    const drawn = values('{{uniform 18 24}}')
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(18)
    expect(Math.max(...drawn)).toBeLessThanOrEqual(24)
    expect(Math.max(...drawn) - Math.min(...drawn)).toBeGreaterThan(5.5)
  })

  test('that is normal has the mean and the deviation asked for', () => {
    const drawn = values('{{normal 20 2}}')
    const mean = drawn.reduce((sum, value) => sum + value, 0) / drawn.length
    const variance = drawn.reduce((sum, value) => sum + (value - mean) ** 2, 0) / drawn.length
    expect(mean).toBeCloseTo(20, 0)
    expect(Math.sqrt(variance)).toBeCloseTo(2, 0)
  })

  test('that walks begins where it is told and never steps further than told', () => {
    const drawn = values('{{walk 21 0.2}}')
    expect(drawn[0]).toBe(21)
    const steps = drawn.slice(1).map((value, index) => Math.abs(value - (drawn[index] ?? 0)))
    expect(Math.max(...steps)).toBeLessThanOrEqual(0.201)
    expect(Math.max(...steps)).toBeGreaterThan(0.15)
  })

  test('that is picked is one of those named, each at some time', () => {
    const texts = textsOf(publishOf({ payload: { text: '{{pick on off "stand by"}}' }, marker: 'none' }), 100)
    expect(new Set(texts)).toEqual(new Set(['on', 'off', 'stand by']))
  })

  test('of bytes has the length asked for and only letters and digits', () => {
    const [short = '', next = ''] = textsOf(
      publishOf({ payload: { text: '{{bytes 9}}' }, marker: 'none' }),
      2,
    )
    const [long = ''] = textsOf(publishOf({ payload: { text: '{{bytes 65536}}' }, marker: 'none' }), 1)
    expect(short).toMatch(/^[A-Za-z0-9]{9}$/)
    expect(next).not.toBe(short)
    expect(long).toMatch(/^[A-Za-z0-9]{65536}$/)
    expect(new Set(long).size).toBe(62)
  })
})

describe('A CSV payload', () => {
  test('has its marker in the last column', () => {
    expect(first({ payload: { csv: ['{{seq}}', '{{device}}', 'C'] } })).toBe('0,meters-7,C,TOKEN')
  })

  test('quotes a cell only when what stands in it needs quotes', () => {
    const csv = ['{{device}}', '{{username}}', `{{pick 'a,b' c}}`, 'x"{{seq}}']
    const facts = { device: 'plain', username: 'Smith, "J"' }
    expect(first({ payload: { csv }, marker: 'none' }, facts)).toMatch(
      /^plain,"Smith, ""J""","(a,b|c)","x""0"$/,
    )
  })
})

describe('A text payload', () => {
  test('has its marker behind a space', () => {
    expect(first({ payload: { text: 'péng {{device}} 50%% {{{{' } })).toBe('péng meters-7 50% {{ TOKEN')
    expect(first({ payload: { text: '' } })).toBe('TOKEN')
  })
})

describe('A binary payload', () => {
  const bytesOf = (
    binary: { size: number } | { hex: string },
    marker: 'prefix' | 'suffix',
    where = 'payload',
  ) =>
    bodyBytes(
      publisherOf(
        publishOf({ payload: { binary, marker }, marker: where === 'payload' ? 'payload' : 'none' }),
      ),
      1,
      momentOf(0),
    )

  test('counts the marker into the size that was asked for, as far as it fits', () => {
    expect(bytesOf({ size: 256 }, 'prefix')).toHaveLength(256)
    expect(bytesOf({ size: 10 }, 'prefix')).toHaveLength(COMPACT_LENGTH)
    expect(bytesOf({ size: 10 }, 'prefix', 'none')).toHaveLength(10)
    expect(bytesOf({ size: 200_000 }, 'suffix')).toHaveLength(200_000)
  })

  test('adds the marker to bytes that were given', () => {
    const prefixed = bytesOf({ hex: '00ff' }, 'prefix')
    expect(prefixed.subarray(0, 4)).toEqual(COMPACT_MAGIC)
    expect(prefixed.subarray(COMPACT_LENGTH)).toEqual(Buffer.from([0, 255]))
    const suffixed = bytesOf({ hex: '00ff' }, 'suffix')
    expect(suffixed.subarray(0, 6)).toEqual(Buffer.concat([Buffer.from([0, 255]), COMPACT_MAGIC]))
  })

  test('given in base64 is sent as those bytes', () => {
    const settings = publishOf({ payload: { binary: { base64: 'AP8=' } }, marker: 'none' })
    expect(bodyBytes(publisherOf(settings), 0, momentOf(0))).toEqual(Buffer.from([0, 255]))
  })
})

describe('A payload that is sent once', () => {
  test('carries no marker', () => {
    expect(renderOnce({ text: 'gone: {{device}}' }, FACTS).toString()).toBe('gone: meters-7')
    const context = { wallClock: { zeroMs: 5 } }
    expect(renderOnce({ json: { d: '{{device}}', t: '{{now}}' } }, FACTS, context).toString()).toBe(
      '{"d":"meters-7","t":5}',
    )
  })

  test('cannot be replayed from a file that nobody gave', () => {
    const replay = { file: 'a.csv', header: true, from: 'start', loop: true } as const
    expect(() => renderOnce({ replay }, FACTS)).toThrow(/a\.csv/)
  })
})
