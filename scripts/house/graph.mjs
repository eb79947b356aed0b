import { isTest } from './files.mjs'

/** Where execution starts; what none of these reaches is dead. */
const ENTRIES = [
  /^main\/cli\/index\.ts$/,
  /^main\/host\/(?:worker|tools)\.ts$/,
  /^main\/electron\/(?:index|preload|worker)\.ts$/,
  /^main\/web\/index\.ts$/,
  /^renderer\/index\.tsx?$/,
  /^benchmarks\/(?:comparators\/)?[^/]+\.ts$/,
  // `npm run schema` renders docs/profile.md with it.
  /^simulators\/profile\/reference\.ts$/,
  /^[^/]+\.ts$/,
]

/** Relative imports that name no file: a missing file, or an import without its extension. */
export function danglingImports(files) {
  const problems = []
  for (const file of files.values()) {
    for (const { name, line, target } of file.imports) {
      if (!target || files.has(target) || !/\.tsx?$|\/[^.]*$/.test(target)) continue
      problems.push({
        path: file.path,
        line,
        message: `'${name}' names no source file (imports carry .ts or .tsx)`,
      })
    }
  }
  return problems
}

/** Circular imports, types included: each is told once, where the ring closes. */
export function importRings(files) {
  const problems = []
  const state = new Map()
  const trail = []
  const visit = (path) => {
    state.set(path, 'open')
    trail.push(path)
    for (const { target, line } of files.get(path).imports) {
      if (!target || !files.has(target)) continue
      if (state.get(target) === 'open') {
        const ring = [...trail.slice(trail.indexOf(target)), target]
        problems.push({ path, line, message: `circular import: ${ring.join(' -> ')}` })
      } else if (!state.has(target)) visit(target)
    }
    trail.pop()
    state.set(path, 'done')
  }
  for (const path of files.keys()) if (!state.has(path)) visit(path)
  return problems
}

function reach(files, roots) {
  const seen = new Set()
  const queue = [...roots]
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (seen.has(path) || !files.has(path)) continue
    seen.add(path)
    for (const { target } of files.get(path).imports) if (target) queue.push(target)
  }
  return seen
}

/** Files that no entry point reaches; code that only tests use belongs to tests/support. */
export function deadFiles(files) {
  const paths = [...files.keys()]
  const used = reach(
    files,
    paths.filter((path) => ENTRIES.some((entry) => entry.test(path))),
  )
  const tested = reach(files, paths.filter(isTest))
  return paths
    .filter((path) => !isTest(path) && !used.has(path))
    .map((path) => ({
      path,
      line: 1,
      message: tested.has(path)
        ? 'only tests reach this file: use it, delete it, or move it to tests/support'
        : 'no entry point reaches this file: use it or delete it',
    }))
}
