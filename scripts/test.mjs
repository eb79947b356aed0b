#!/usr/bin/env node
/**
 * `npm test`: sets up what the machine lacks and can be given, builds, runs every test once and ends with
 * "N passed, N failed". Arguments are passed on to Vitest. FLOTILLA_STRICT=1 (or CI=true) makes a skip a failure.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { installMissing } from './test/components.mjs'
import { countResults } from './test/results.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const require = createRequire(import.meta.url)
const strict = process.env.CI === 'true' || process.env.FLOTILLA_STRICT === '1'

function run(bin, args, env = {}) {
  const { status } = spawnSync(process.execPath, [bin, ...args], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...env },
  })
  return status ?? 1
}

const scratch = mkdtempSync(join(tmpdir(), 'flotilla-test-'))
const resultsFile = join(scratch, 'results.json')
const skippedFile = join(scratch, 'skipped.txt')

const troubles = installMissing()

const vite = join(dirname(require.resolve('vite/package.json')), 'bin/vite.js')
const buildStatus = run(vite, ['build', '--config', 'vite.main.config.ts', '--logLevel', 'error'])
if (buildStatus !== 0) troubles.push('the build failed: tests that run the built command line cannot pass')

const vitest = join(dirname(require.resolve('vitest/package.json')), 'vitest.mjs')
const testStatus = run(
  vitest,
  [
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${resultsFile}`,
    ...process.argv.slice(2),
  ],
  { FLOTILLA_SKIPPED_FILE: skippedFile },
)

const results = countResults(
  existsSync(resultsFile) ? JSON.parse(readFileSync(resultsFile, 'utf8')) : undefined,
)
if (existsSync(skippedFile)) {
  troubles.push(...new Set(readFileSync(skippedFile, 'utf8').split('\n').filter(Boolean)))
}
rmSync(scratch, { recursive: true, force: true })

// A run that ends badly with every test passed (an error outside the tests) is a failure all the same.
if (testStatus !== 0 && results.failed === 0) {
  results.failed += 1
  troubles.push('Vitest ended with an error outside the tests: see above')
}
if (buildStatus !== 0) results.failed += 1
if (strict && results.skipped > 0) {
  results.failed += 1
  troubles.push(`${results.skipped} tests were skipped, and here every test must run`)
}

if (troubles.length > 0) {
  console.log('\n================ NOT EVERYTHING COULD BE RUN ================')
  for (const trouble of troubles) console.log(`  - ${trouble}`)
  console.log('==============================================================\n')
}
const skipped = results.skipped > 0 ? `, ${results.skipped} skipped` : ''
process.exitCode = results.failed > 0 || results.passed === 0 ? 1 : 0
console.log(`${results.passed} passed, ${results.failed} failed${skipped}`)
