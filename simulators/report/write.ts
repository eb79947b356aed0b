import { mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { AppError } from '../errors.ts'
import type { Report } from './schema.ts'

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENOENT: 'no folder can be made there',
  EROFS: 'the file system is read-only',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EEXIST: 'a file of that name is in the way',
  EISDIR: 'a folder of that name is in the way',
  ENAMETOOLONG: 'the name is too long',
}

function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown)
  const code = String(codeOf(thrown))
  const words = REASONS[code]
  return words ? `${words} (${code})` : thrown.message
}

function codeOf(thrown: unknown): unknown {
  return thrown instanceof Error && 'code' in thrown ? thrown.code : undefined
}

/**
 * Makes a folder and those above it. Not mkdir's `recursive`: that spins for ever where the parent exists and
 * still nothing can be made in it, as in /proc (seen with Node 20).
 */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path)
  } catch (error) {
    const code = codeOf(error)
    const parent = dirname(path)
    if (code === 'ENOENT' && parent !== path && !(await isFolder(parent))) {
      await makeFolder(parent)
      await makeFolder(path)
    } else if (!(await isFolder(path))) throw error
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
}

/** Writes all of it or leaves what was there: a reader never meets half a report. */
async function replaceFile(path: string, text: string): Promise<void> {
  const draft = `${path}.${process.pid}.tmp`
  try {
    const file = await open(draft, 'w')
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(draft, path)
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined)
    throw error
  }
}

/** The text of report.json. */
export function reportText(report: Report): string {
  return `${JSON.stringify(report, null, 2)}\n`
}

/** Writes report.json into the folder, which it creates, and returns the path of the file. */
export async function writeReport(folder: string, report: Report): Promise<string> {
  const path = join(resolve(folder), 'report.json')
  try {
    await makeFolder(resolve(folder))
    await replaceFile(path, reportText(report))
  } catch (error) {
    throw new AppError({
      code: 'REPORT_UNWRITABLE',
      message: `Cannot write ${path}: ${reasonOf(error)}`,
      cause: error,
    })
  }
  return path
}
