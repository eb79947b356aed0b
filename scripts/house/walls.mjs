import { isShipped, isTest } from './files.mjs'
import { blankOut, lineAt } from './source.mjs'

const PURE_ROOMS = ['plan', 'link', 'delivery', 'profile', 'metrics'].map((room) => `simulators/${room}/`)
const PURE_NODE = new Set(['node:buffer', 'node:zlib'])
const UI_PACKAGES = /^(?:electron|react|react-dom|zustand|uplot|@mantine\/.*|@codemirror\/.*)(?:\/|$)/
const SINGLE_IMPORTER = ['mqtt', 'kafkajs', 'aedes', 'hdr-histogram-js', 'uplot', '@peculiar/x509']

/** What would make the same input give another answer. */
const IMPURE = [
  [/(?<![.\w$])Date\.now\b/g, 'Date.now'],
  [/(?<![.\w$])new Date\(\s*\)/g, 'new Date()'],
  [/(?<![.\w$])performance\.now\b/g, 'performance.now'],
  [/(?<![.\w$])Math\.random\b/g, 'Math.random'],
  [/(?<![.\w$])(?:globalThis\.)?crypto\./g, 'crypto'],
  [/(?<![.\w$])set(?:Timeout|Interval|Immediate)\s*\(/g, 'a timer'],
  [/(?<![.\w$])process\s*\./g, 'process'],
]

const DOM =
  /(?<![.\w$])(?:document\.(?:createElement|querySelector|getElementById|body|addEventListener)|window\.(?:location|addEventListener|document)|HTML\w*Element|localStorage|sessionStorage)\b/g

const FORBIDDEN_WORDS = /@ts-ignore|@ts-nocheck|biome-ignore|\bTODO\b|\bFIXME\b/g

const inside = (path, folder) => path?.startsWith(folder) ?? false
const inPureRoom = (path) => PURE_ROOMS.some((room) => path.startsWith(room))
const isPackage = (name, wanted) => name === wanted || name.startsWith(`${wanted}/`)

/** The wall that `file` breaks by importing `target` (a file of ours) or `name` (a package), if any. */
function brokenBy(file, { name, target }) {
  const { path } = file
  if (inside(path, 'renderer/')) {
    if (inside(target, 'main/')) return 'renderer may not import main: ask through simulators/api'
    if (inside(target, 'simulators/') && !inside(target, 'simulators/api/'))
      return 'renderer may import simulators/api only'
    if (isShipped(path) && (name.startsWith('node:') || isPackage(name, 'electron')))
      return 'renderer runs in a browser: no node:* and no electron'
  }
  if (inside(path, 'main/') && inside(target, 'simulators/') && target !== 'simulators/index.ts')
    return 'main may import simulators only through simulators/index.ts'
  if (inside(path, 'simulators/')) {
    if (inside(target, 'main/') || inside(target, 'renderer/'))
      return 'simulators knows no host: it may not import main or renderer'
    if (!target && UI_PACKAGES.test(name)) return `simulators may not import ${name}: it has no screen`
    if (isShipped(path) && target && !isShipped(target))
      return 'shipped code may not import tests or benchmarks'
    if (inside(path, 'simulators/api/') && isShipped(path) && name.startsWith('node:'))
      return 'simulators/api runs in the browser too: no node:*'
    if (inPureRoom(path) && isShipped(path) && name.startsWith('node:') && !PURE_NODE.has(name))
      return `${path.split('/').slice(0, 2).join('/')} is pure: only node:buffer and node:zlib, the rest comes in as arguments`
  }
  if (isPackage(name, 'mqtt-packet') && isShipped(path) && !inside(path, 'simulators/device/'))
    return 'mqtt-packet belongs to simulators/device'
  return undefined
}

function matches(file, code, pattern, message) {
  return [...code.matchAll(pattern)].map((match) => ({
    path: file.path,
    line: lineAt(code, match.index),
    message: typeof message === 'string' ? message : message(match[0]),
  }))
}

function wordsOf(file) {
  const problems = matches(file, file.text, FORBIDDEN_WORDS, (word) => `${word}: finish it or mend the cause`)
  if (!inside(file.path, 'simulators/') || isTest(file.path)) return problems
  const code = blankOut(file.text, { strings: true })
  problems.push(...matches(file, code, DOM, (word) => `simulators may not use the DOM (${word})`))
  if (inPureRoom(file.path)) {
    for (const [pattern, what] of IMPURE)
      problems.push(
        ...matches(file, code, pattern, `a pure room may not use ${what}: take it as an argument`),
      )
  }
  return problems
}

function singleImporters(files) {
  const problems = []
  for (const wanted of SINGLE_IMPORTER) {
    const importers = [...files.values()]
      .filter((file) => isShipped(file.path))
      .flatMap((file) => {
        const first = file.imports.find(({ name }) => isPackage(name, wanted))
        return first ? [{ path: file.path, line: first.line }] : []
      })
      .sort((a, b) => (a.path < b.path ? -1 : 1))
    for (const { path, line } of importers.slice(1)) {
      problems.push({ path, line, message: `${wanted} has its one importer already: ${importers[0].path}` })
    }
  }
  return problems
}

/** Imports and words that the walls between the rooms forbid. */
export function brokenWalls(files) {
  const problems = []
  for (const file of files.values()) {
    for (const entry of file.imports) {
      const message = brokenBy(file, entry)
      if (message)
        problems.push({ path: file.path, line: entry.line, message: `${message} ('${entry.name}')` })
    }
    problems.push(...wordsOf(file))
  }
  return [...problems, ...singleImporters(files)]
}
