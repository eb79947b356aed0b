import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { type AppError, type Report, toAppError, writeReport } from '../../simulators/index.ts'

export interface KeptReport {
  /** Where report.json is; null when it could be written nowhere. */
  path: string | null
  /** Why it is not where it was wanted. */
  failure: AppError | null
}

/** Writes a report where it is wanted or, when that fails, to the folder for temporary files: what was measured is kept. */
export async function keepReport(folder: string, report: Report, tempDir: string): Promise<KeptReport> {
  try {
    return { path: await writeReport(folder, report), failure: null }
  } catch (error) {
    const failure = toAppError(error)
    try {
      const path = await writeReport(await mkdtemp(join(tempDir, 'flotilla-report-')), report)
      return { path, failure }
    } catch {
      return { path: null, failure }
    }
  }
}
