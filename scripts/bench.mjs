#!/usr/bin/env node
/** `npm run bench -- NAME [--rounds N] [--seconds S] [--only a,b] [--strict]`: builds, then runs one benchmark. */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const vite = join(dirname(createRequire(import.meta.url).resolve('vite/package.json')), 'bin/vite.js')

function run(args) {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' })
  return status ?? 1
}

const known = readdirSync(join(root, 'benchmarks'))
  .filter((name) => name.endsWith('.bench.ts'))
  .map((name) => name.replace('.bench.ts', ''))
const [name, ...options] = process.argv.slice(2)
if (!known.includes(name)) {
  console.error(`usage: npm run bench -- NAME [options], where NAME is one of: ${known.join(', ')}`)
  process.exit(2)
}
for (const config of ['vite.main.config.ts', 'vite.bench.config.ts']) {
  if (!existsSync(join(root, config))) continue
  const status = run([vite, 'build', '--config', config, '--logLevel', 'error'])
  if (status !== 0) process.exit(status)
}
process.exit(run([join('out', `${name}.js`), ...options]))
