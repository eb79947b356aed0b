import { execFile } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { CLI_ENTRY, CLI_FOLDER, REPOSITORY } from './cli.ts'

const SOURCES = ['simulators', 'main', 'package.json', 'vite.main.config.ts']

async function newestMs(path: string): Promise<number> {
  const stats = statSync(path)
  if (!stats.isDirectory()) return path.endsWith('.test.ts') ? 0 : stats.mtimeMs
  const times = await Promise.all((await readdir(path)).map((name) => newestMs(join(path, name))))
  return Math.max(0, ...times)
}

/** Builds the command line once before the end-to-end tests when it is older than its sources. */
export async function setup(): Promise<void> {
  const sources = await Promise.all(SOURCES.map((name) => newestMs(join(REPOSITORY, name))))
  if (existsSync(CLI_ENTRY) && statSync(CLI_ENTRY).mtimeMs >= Math.max(...sources)) return
  const require = createRequire(import.meta.url)
  const vite = join(dirname(require.resolve('vite/package.json')), 'bin/vite.js')
  const how = ['--config', 'vite.main.config.ts', '--logLevel', 'error', '--outDir', CLI_FOLDER]
  await promisify(execFile)(process.execPath, [vite, 'build', ...how], { cwd: REPOSITORY })
}
