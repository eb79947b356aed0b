import { mkdir, open, rename, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { AppError } from '../errors.ts'
import type { Report } from './schema.ts'

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EEXIST: 'a file of that name is in the way',
  EISDIR: 'a folder of that name is in the way',
  ENAMETOOLONG: 'the name is too long',
}

function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown)
  const code = 'code' in thrown ? String(thrown.code) : ''
  const words = REASONS[code]
  return words ? `${words} (${code})` : thrown.message
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
    await mkdir(resolve(folder), { recursive: true })
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
