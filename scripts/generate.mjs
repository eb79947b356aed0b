#!/usr/bin/env node
/** `npm run schema`: writes the files that are made from the sources; the tests beside them hold them up to date. */
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const GENERATED = ['simulators/profile/generated-files.test.ts', 'simulators/report/schema.test.ts']

const require = createRequire(import.meta.url)
const vitest = join(dirname(require.resolve('vitest/package.json')), 'vitest.mjs')
const { status } = spawnSync(process.execPath, [vitest, 'run', '--project', 'unit', ...GENERATED], {
  cwd: dirname(dirname(fileURLToPath(import.meta.url))),
  stdio: 'inherit',
  env: { ...process.env, FLOTILLA_WRITE: '1' },
})
process.exitCode = status ?? 1
