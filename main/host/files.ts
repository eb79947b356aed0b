import { open, readFile } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import { AppError, type ErrorCode, fileTrouble, MAX_PROFILE_BYTES } from '../../simulators/index.ts'

function unreadable(code: ErrorCode, path: string, thrown: unknown): AppError {
  return new AppError({ code, message: `Cannot read ${path}: ${fileTrouble(thrown)}`, cause: thrown })
}

/** Reads no further than one byte past what a profile may have: whatever stands at the path, memory is safe. */
async function readBounded(path: string, limit: number): Promise<Buffer> {
  const file = await open(path, 'r')
  try {
    const buffer = Buffer.alloc(limit)
    let length = 0
    while (length < limit) {
      const { bytesRead } = await file.read(buffer, length, limit - length)
      if (bytesRead === 0) break
      length += bytesRead
    }
    return buffer.subarray(0, length)
  } finally {
    await file.close()
  }
}

export interface ProfileFile {
  text: string
  /** Absolute. */
  path: string
  /** Folder that relative paths in the profile start from. */
  baseDir: string
  fileName: string
}

/** Reads the text of a profile; what it says is judged elsewhere. */
export async function readProfileFile(path: string, cwd: string): Promise<ProfileFile> {
  const absolute = resolve(cwd, path)
  let bytes: Buffer
  try {
    bytes = await readBounded(absolute, MAX_PROFILE_BYTES + 1)
  } catch (error) {
    throw unreadable('PROFILE_UNREADABLE', path, error)
  }
  // A file that was cut at the limit may end inside a character; it is refused for its size anyway.
  const fatal = bytes.length <= MAX_PROFILE_BYTES
  try {
    const text = new TextDecoder('utf-8', { fatal, ignoreBOM: true }).decode(bytes)
    return { text, path: absolute, baseDir: dirname(absolute), fileName: basename(absolute) }
  } catch (error) {
    throw new AppError({
      code: 'PROFILE_UNREADABLE',
      message: `Cannot read ${path}: it is not UTF-8 text`,
      hint: 'Save the profile as UTF-8.',
      cause: error,
    })
  }
}

const SECRET_LINE = /^\s*([A-Za-z_][A-Za-z0-9_]*)\s*=(.*)$/

/** Reads NAME=value lines. Values are taken as they stand, blanks and quotes included; errors never show one. */
export async function readSecretFile(path: string, cwd: string): Promise<ReadonlyMap<string, string>> {
  let text: string
  try {
    text = await readFile(resolve(cwd, path), 'utf8')
  } catch (error) {
    throw unreadable('FILE_UNREADABLE', path, error)
  }
  const secrets = new Map<string, string>()
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    if (line.trim() === '' || line.trimStart().startsWith('#')) continue
    const [, name, value] = SECRET_LINE.exec(line) ?? []
    if (name === undefined || value === undefined || secrets.has(name)) {
      throw new AppError({
        code: 'BAD_USAGE',
        message: `${path}:${index + 1}: ${name === undefined ? 'not a NAME=value line' : `${name} is there twice`}`,
        hint: 'A secret file holds one NAME=value a line; # begins a comment.',
      })
    }
    secrets.set(name, value)
  }
  return secrets
}
