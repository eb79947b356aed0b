import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix, relative, sep } from 'node:path'
import { importsOf } from './source.mjs'

const SKIPPED = new Set(['node_modules', 'dist', 'out', 'coverage'])
const SOURCE = /\.(?:ts|tsx)$/

function* walk(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (SKIPPED.has(entry.name) || entry.name.startsWith('.')) continue
    const path = join(folder, entry.name)
    if (entry.isDirectory()) yield* walk(path)
    else if (SOURCE.test(entry.name)) yield path
  }
}

/** Tests, their helpers and benchmarks: nobody ships them, so they may look behind walls. */
export function isTest(path) {
  return /\.test\.tsx?$/.test(path) || path.startsWith('tests/')
}

export function isShipped(path) {
  return !isTest(path) && !path.startsWith('benchmarks/')
}

/** Every source file below `root` by its path from there, with forward slashes, and what it imports. */
export function readHouse(root) {
  const files = new Map()
  for (const absolute of walk(root)) {
    const path = relative(root, absolute).split(sep).join('/')
    const text = readFileSync(absolute, 'utf8')
    const imports = importsOf(text).map(({ name, line }) => ({
      name,
      line,
      /** Path of the file for a relative import, undefined for a package. */
      target: name.startsWith('.') ? posix.join(dirname(path), name) : undefined,
    }))
    files.set(path, { path, text, imports })
  }
  return files
}
