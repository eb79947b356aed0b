import { writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { AppError, profileSchemaText, starterProfile } from '../../simulators/index.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import type { CliHost } from './host.ts'

export const DEFAULT_PROFILE = 'profile.flotilla.json'

/** Beside the profile, where its "$schema" points: editors then complete and explain every key. */
async function writeSchemaBeside(path: string): Promise<void> {
  // One that is there already serves as well, and the profile is of use without it.
  await writeFile(join(dirname(path), 'profile.schema.json'), profileSchemaText(), { flag: 'wx' }).catch(
    () => undefined,
  )
}

/** Writes a profile to begin with; never over a file that is there. */
export async function initCommand(host: CliHost, file: string): Promise<ExitCode> {
  const path = resolve(host.cwd, file)
  const name = basename(file)
    .replace(/\.json$/i, '')
    .replace(/\.flotilla$/i, '')
  try {
    await writeFile(path, starterProfile(name || 'First run'), { flag: 'wx' })
  } catch (error) {
    const exists = error instanceof Error && 'code' in error && error.code === 'EEXIST'
    throw new AppError({
      code: 'BAD_USAGE',
      message: exists
        ? `${file} is there already`
        : `Cannot write ${file}: ${error instanceof Error ? error.message : error}`,
      hint: exists ? 'Choose another name, or delete it first.' : 'Check the folder and its permissions.',
      cause: error,
    })
  }
  await writeSchemaBeside(path)
  host.stdout.write(`Wrote ${file}. Next: flotilla run ${file}\n`)
  return EXIT.pass
}
