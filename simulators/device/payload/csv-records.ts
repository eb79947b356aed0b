import { AppError } from '../../errors.ts'

/** One record of a CSV text. */
export interface CsvRecord {
  fields: string[]
  /** The record as it stands in text[from..to), without its line break. */
  from: number
  to: number
  /** Line of the file on which it begins, from 1. */
  line: number
}

function failure(source: string, line: number, problem: string): AppError {
  return new AppError({
    code: 'PROFILE_INVALID',
    message: `${source}, line ${line}: ${problem}`,
    hint: 'Write CSV as RFC 4180 has it: comma between fields, fields with commas, quotes or line breaks in double quotes.',
  })
}

/** Splits a CSV text into records as RFC 4180 describes them; lines that are empty are left out. */
export function parseCsv(text: string, source: string): CsvRecord[] {
  const records: CsvRecord[] = []
  let at = 0
  let line = 1
  while (at < text.length) {
    const record: CsvRecord = { fields: [], from: at, to: at, line }
    for (;;) {
      if (text[at] === '"') {
        const end = closingQuote(text, at + 1)
        if (end < 0) throw failure(source, record.line, 'a quote is never closed')
        const inside = text.slice(at + 1, end)
        line += inside.split('\n').length - 1
        record.fields.push(inside.replaceAll('""', '"'))
        at = end + 1
        if (at < text.length && !/[,\r\n]/.test(text[at] ?? '')) {
          throw failure(source, line, `${JSON.stringify(text.slice(at, at + 10))} follows a closing quote`)
        }
      } else {
        const end = endOfField(text, at)
        record.fields.push(text.slice(at, end))
        at = end
      }
      if (text[at] !== ',') break
      at++
    }
    record.to = at
    if (text[at] === '\r') at++
    if (text[at] === '\n') at++
    line++
    if (record.to > record.from) records.push(record)
  }
  return records
}

/** Where the quoted field ends; two quotes stand for one. */
function closingQuote(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at >= 0; at = text.indexOf('"', at + 2)) {
    if (text[at + 1] !== '"') return at
  }
  return -1
}

function endOfField(text: string, from: number): number {
  let at = from
  while (at < text.length && text[at] !== ',' && text[at] !== '\r' && text[at] !== '\n') at++
  return at
}

/** Records as JSON objects under the names in the first; what JSON knows as a number becomes one. */
export function csvObjects(records: readonly CsvRecord[], source: string): string[] {
  const [header, ...rows] = records
  if (!header) return []
  const names = header.fields
  const nameless = names.indexOf('')
  if (nameless >= 0) throw failure(source, header.line, `column ${nameless + 1} has no name`)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined)
    throw failure(source, header.line, `two columns are named ${JSON.stringify(twice)}`)
  const keys = names.map((name) => JSON.stringify(name))
  return rows.map(({ fields, line }) => {
    if (fields.length !== names.length) {
      throw failure(source, line, `has ${fields.length} fields, the header has ${names.length}`)
    }
    return `{${fields.map((field, index) => `${keys[index]}:${jsonValue(field)}`).join(',')}}`
  })
}

// RFC 8259 section 6. Other spellings, such as 007 or +1, are names as often as numbers and stay text.
const JSON_NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/

function jsonValue(field: string): string {
  return JSON_NUMBER.test(field) ? field : JSON.stringify(field)
}
