#!/usr/bin/env node
/**
 * Holds the walls that CONTRIBUTING.md describes: who may import whom, which rooms are pure, one importer per
 * third-party client, no circular imports, no dead files, no files too long. Usage: check-house.mjs [FOLDER]
 */
import { readHouse } from './house/files.mjs'
import { danglingImports, deadFiles, importRings } from './house/graph.mjs'
import { barrels, longFiles } from './house/size.mjs'
import { brokenWalls } from './house/walls.mjs'

const files = readHouse(process.argv[2] ?? process.cwd())
const { problems: tooLong, warnings } = longFiles(files)
const problems = [
  ...brokenWalls(files),
  ...danglingImports(files),
  ...importRings(files),
  ...deadFiles(files),
  ...barrels(files),
  ...tooLong,
].sort((a, b) => (a.path === b.path ? a.line - b.line : a.path < b.path ? -1 : 1))

for (const { path, line, message } of warnings) console.warn(`${path}:${line}: warning: ${message}`)
for (const { path, line, message } of problems) console.error(`${path}:${line}: ${message}`)
console.log(`house: ${files.size} files, ${problems.length} problems, ${warnings.length} warnings`)
process.exitCode = problems.length > 0 ? 1 : 0
