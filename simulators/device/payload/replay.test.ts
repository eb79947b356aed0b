import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { bodyBytes, momentOf, publisherOf, publishOf } from '../../../tests/support/publishing.ts'
import { readMarker } from '../../delivery/marker.ts'
import { createSighting } from '../../delivery/marker-sighting.ts'
import { AppError } from '../../errors.ts'
import { parseCsv } from './csv-records.ts'
import { loadReplay, MAX_REPLAY_BYTES, ReplayFolder, type ReplaySettings } from './replay.ts'

const folder = mkdtempSync(join(tmpdir(), 'replay-'))
afterAll(() => rmSync(folder, { recursive: true }))

let files = 0
function fileOf(content: string | Buffer, extension = 'ndjson'): string {
  const name = `${++files}.${extension}`
  writeFileSync(join(folder, name), content)
  return name
}

interface Options {
  marker?: 'payload' | 'none'
  index?: number
  count?: number
}

function replayed(replay: Partial<ReplaySettings> & { file: string }, options: Options = {}): string[] {
  const { marker = 'none', index = 0, count = 3 } = options
  const settings = publishOf({ payload: { replay }, marker })
  const publisher = publisherOf(settings, { files: new ReplayFolder(folder), facts: { index } })
  const texts: string[] = []
  for (let seq = 0; seq < count && !publisher.exhausted; seq++) {
    const bytes = bodyBytes(publisher, 0, momentOf(seq))
    if (marker === 'payload') expect(readMarker(bytes, createSighting())).toBe('intact')
    texts.push(bytes.toString('utf8').replace(/~fl1:[^~]+~/, 'TOKEN'))
  }
  return texts
}

function failureOf(content: string | Buffer, extension: string): AppError {
  try {
    loadReplay(join(folder, fileOf(content, extension)), { header: true })
  } catch (error) {
    if (error instanceof AppError) return error
    throw error
  }
  throw new Error('it was read')
}

describe('A replayed NDJSON file', () => {
  test('is sent line by line, from the first again after the last', () => {
    const file = fileOf('{"a":1}\r\n\n  {"a":"é😀"} \n')
    expect(replayed({ file })).toEqual(['{"a":1}', '{"a":"é😀"}', '{"a":1}'])
  })

  test('takes the marker in as its last field or element, and behind what is neither', () => {
    const file = fileOf('{"a":1}\n{ }\n[1]\n[]\n"x}"\n{"a":{"b":"}"}}')
    expect(replayed({ file }, { marker: 'payload', count: 6 })).toEqual([
      '{"a":1,"_fl":"TOKEN"}',
      '{ "_fl":"TOKEN"}',
      '[1,"TOKEN"]',
      '["TOKEN"]',
      '"x}" TOKEN',
      '{"a":{"b":"}"},"_fl":"TOKEN"}',
    ])
  })

  test('that is no JSON somewhere is refused with the line', () => {
    const error = failureOf('{"a":1}\n\n{"a":\n', 'ndjson')
    expect(error.code).toBe('PROFILE_INVALID')
    expect(error.message).toMatch(/\d+\.ndjson, line 3: /)
  })
})

describe('A replayed CSV file', () => {
  test('with a header becomes JSON objects, with numbers where JSON knows them', () => {
    const file = fileOf('id,name,value\r\n007,"Smith, ""J""",-1.5e3\r\n1,"two\nlines",\r\n', 'csv')
    expect(replayed({ file }, { count: 2 })).toEqual([
      '{"id":"007","name":"Smith, \\"J\\"","value":-1.5e3}',
      '{"id":1,"name":"two\\nlines","value":""}',
    ])
  })

  test('without a header keeps its rows as they stand, with the marker as one more column', () => {
    const file = fileOf('1,"a ""b"""\n2,c', 'csv')
    expect(replayed({ file, header: false }, { marker: 'payload', count: 2 })).toEqual([
      '1,"a ""b""",TOKEN',
      '2,c,TOKEN',
    ])
  })

  test('under another name is CSV when the profile says so', () => {
    expect(replayed({ file: fileOf('a\n1\n', 'txt'), format: 'csv' }, { count: 1 })).toEqual(['{"a":1}'])
  })

  test.each([
    ['a,b\n1\n', /line 2: has 1 fields, the header has 2/],
    ['a,b\n"1\n2",2\n1,2,3', /line 4: has 3 fields/],
    ['a,a\n1,2', /line 1: two columns are named "a"/],
    ['a,\n1,2', /line 1: column 2 has no name/],
    ['a\n1\n"open', /line 3: a quote is never closed/],
    ['a\n"1"x', /line 2: "x" follows a closing quote/],
  ])('%j is refused with the line', (content, message) => {
    const error = failureOf(content, 'csv')
    expect(error.code).toBe('PROFILE_INVALID')
    expect(error.message).toMatch(message)
  })

  test('is read as any CSV writer wrote it', () => {
    const field = fc.string({ unit: fc.constantFrom('a', ',', '"', '\n', '\r', 'é', ' ') })
    const lineBreak = fc.constantFrom('\n', '\r\n')
    // A record of one empty field is an empty line, which is left out.
    const record = fc.array(field, { minLength: 1 }).filter((fields) => fields.join(',') !== '')
    fc.assert(
      fc.property(fc.array(record), lineBreak, fc.boolean(), (rows, end, quotesAll) => {
        const cell = (value: string) =>
          quotesAll || /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value
        const lines = rows.map((fields) => fields.map(cell).join(','))
        const records = parseCsv(lines.join(end), 'test')
        expect(records.map(({ fields }) => fields)).toEqual(rows)
        const text = lines.join(end)
        expect(records.map(({ from, to }) => text.slice(from, to))).toEqual(lines)
      }),
    )
  })
})

describe('A replay', () => {
  const file = fileOf('1\n2\n3')

  test('begins at the first row for all, or at an offset of each device', () => {
    expect(replayed({ file }, { index: 4 })).toEqual(['1', '2', '3'])
    expect(replayed({ file, from: 'device' }, { index: 4 })).toEqual(['2', '3', '1'])
  })

  test('falls silent after the last row when it does not loop', () => {
    expect(replayed({ file, loop: false }, { count: 10 })).toEqual(['1', '2', '3'])
    expect(replayed({ file, loop: false, from: 'device' }, { count: 10, index: 2 })).toEqual(['3'])
  })

  test('counts skipped rows, too, and shares its rows between the QoS', () => {
    const settings = publishOf({ payload: { replay: { file } }, marker: 'none' })
    const publisher = publisherOf(settings, { files: new ReplayFolder(folder) })
    publisher.bodyFor(0).skip(momentOf(0))
    expect(bodyBytes(publisher, 1, momentOf(0)).toString()).toBe('2')
    expect(bodyBytes(publisher, 0, momentOf(1)).toString()).toBe('3')
  })

  test('reads each file once', () => {
    const reader = new ReplayFolder(folder)
    const settings: ReplaySettings = { file, header: true, from: 'start', loop: true }
    expect(reader.rows(settings)).toBe(reader.rows({ ...settings, from: 'device' }))
  })

  test.each([
    ['', 'ndjson', /holds no rows/],
    ['\n \n', 'ndjson', /holds no rows/],
    ['a,b\n', 'csv', /holds no rows/],
    [Buffer.from([0x7b, 0xff, 0x7d]), 'ndjson', /not UTF-8/],
  ])('of %j as %s is refused', (content, extension, message) => {
    const error = failureOf(content, extension)
    expect(error.code).toBe('FILE_UNREADABLE')
    expect(error.message).toMatch(message)
  })

  test('of a file that is missing, a folder or too large is refused', () => {
    const large = join(folder, fileOf('', 'ndjson'))
    truncateSync(large, MAX_REPLAY_BYTES + 1)
    for (const path of [join(folder, 'none.csv'), folder, large]) {
      expect(() => loadReplay(path, { header: true })).toThrow(
        expect.objectContaining({ code: 'FILE_UNREADABLE' }),
      )
    }
  })
})
