import { readFileSync, statSync } from 'node:fs'
import { extname, resolve } from 'node:path'
import { AppError } from '../../errors.ts'
import { fileTrouble } from '../../file-trouble.ts'
import type { PayloadSettings } from '../../profile/schema/publish.ts'
import { csvObjects, parseCsv } from './csv-records.ts'
import { type ReplayRows, type RowKind, rowsOf } from './replay-rows.ts'

export type ReplaySettings = Extract<PayloadSettings, { replay: unknown }>['replay']

/** Where programs get the rows that they replay. */
export interface ReplayFiles {
  rows(settings: ReplaySettings): ReplayRows
}

/** Largest file that is replayed; every process of a run holds its own copy. */
export const MAX_REPLAY_BYTES = 64 * 1_024 * 1_024

function unreadable(path: string, problem: string, cause?: unknown): AppError {
  return new AppError({ code: 'FILE_UNREADABLE', message: `Cannot replay ${path}: ${problem}`, cause })
}

function readText(path: string): string {
  try {
    const { size } = statSync(path)
    if (size > MAX_REPLAY_BYTES) {
      throw unreadable(path, `it has ${size} bytes, at most ${MAX_REPLAY_BYTES} are read`)
    }
    // Also takes a byte order mark away.
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path))
  } catch (error) {
    if (error instanceof AppError) throw error
    if (error instanceof TypeError) throw unreadable(path, 'it is not UTF-8', error)
    throw unreadable(path, fileTrouble(error), error)
  }
}

function kindOf(row: unknown): RowKind {
  if (Array.isArray(row)) return row.length === 0 ? 'empty-array' : 'array'
  if (typeof row !== 'object' || row === null) return 'text'
  return Object.keys(row).length === 0 ? 'empty-object' : 'object'
}

function readLines(text: string, path: string): ReplayRows {
  const texts: string[] = []
  const kinds: RowKind[] = []
  text.split('\n').forEach((line, index) => {
    const row = line.trim()
    if (row === '') return
    try {
      kinds.push(kindOf(JSON.parse(row)))
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error)
      throw new AppError({
        code: 'PROFILE_INVALID',
        message: `${path}, line ${index + 1}: ${problem}`,
        hint: 'NDJSON has one JSON value on each line.',
      })
    }
    texts.push(row)
  })
  return rowsOf(texts, kinds)
}

function readCsv(text: string, path: string, header: boolean): ReplayRows {
  const records = parseCsv(text, path)
  if (header) {
    const objects = csvObjects(records, path)
    return rowsOf(
      objects,
      objects.map(() => 'object'),
    )
  }
  return rowsOf(
    records.map(({ from, to }) => text.slice(from, to)),
    records.map(() => 'csv'),
  )
}

/** Reads a file to replay, checks every row and prepares them for all devices. */
export function loadReplay(path: string, settings: Pick<ReplaySettings, 'format' | 'header'>): ReplayRows {
  const text = readText(path)
  const format = settings.format ?? (extname(path).toLowerCase() === '.csv' ? 'csv' : 'ndjson')
  const rows = format === 'csv' ? readCsv(text, path, settings.header) : readLines(text, path)
  if (rows.count === 0) throw unreadable(path, 'it holds no rows')
  return rows
}

/** The files of a profile, read from its folder, each once. */
export class ReplayFolder implements ReplayFiles {
  readonly #baseDir: string
  readonly #loaded = new Map<string, ReplayRows>()

  constructor(baseDir: string) {
    this.#baseDir = baseDir
  }

  rows(settings: ReplaySettings): ReplayRows {
    const path = resolve(this.#baseDir, settings.file)
    const key = `${settings.format ?? ''} ${settings.header} ${path}`
    const rows = this.#loaded.get(key) ?? loadReplay(path, settings)
    this.#loaded.set(key, rows)
    return rows
  }
}
