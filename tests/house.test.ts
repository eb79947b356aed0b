import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'

const CHECKER = resolve(import.meta.dirname, '../scripts/check-house.mjs')
const folders: string[] = []

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** Runs the checker over a small repository; every file is reached from the command line unless `main/cli/index.ts` is given. */
function check(files: Record<string, string>) {
  const folder = mkdtempSync(join(tmpdir(), 'flotilla-house-'))
  folders.push(folder)
  const reachAll = Object.keys(files)
    .map((path) => `import '../../../${path}'\n`)
    .join('')
  // A benchmark is an entry point that no wall holds back.
  const all = { 'benchmarks/all.ts': reachAll.replaceAll('../../../', '../'), ...files }
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  const { stdout, stderr, status } = spawnSync(process.execPath, [CHECKER, folder], { encoding: 'utf8' })
  const lines = stderr.split('\n').filter((line) => line !== '')
  return { status, stdout, problems: lines.filter((line) => !line.includes(': warning: ')), lines }
}

describe('the walls between rooms', () => {
  const cases: [string, Record<string, string>, string][] = [
    [
      'renderer reaches the engine through simulators/api only',
      {
        'renderer/view.ts': "import '../simulators/api/wire.ts'\nimport '../simulators/run/run.ts'\n",
        'simulators/api/wire.ts': '',
        'simulators/run/run.ts': '',
      },
      'renderer/view.ts:2: renderer may import simulators/api only',
    ],
    [
      'main reaches the engine through simulators/index.ts only',
      {
        'main/host/a.ts':
          "import { run } from '../../simulators/index.ts'\nimport {\n  x,\n} from '../../simulators/run/run.ts'\n",
        'simulators/index.ts': "export { x } from './run/run.ts'\n",
        'simulators/run/run.ts': '',
      },
      'main/host/a.ts:4: main may import simulators only through simulators/index.ts',
    ],
    [
      'the engine knows no host, not even by type',
      { 'simulators/a.ts': "import type { Host } from '../main/host/b.ts'\n", 'main/host/b.ts': '' },
      'simulators/a.ts:1: simulators knows no host',
    ],
    [
      'the engine has no screen',
      { 'simulators/a.ts': "const ui = await import('react-dom/client')\n" },
      'simulators/a.ts:1: simulators may not import react-dom/client',
    ],
    [
      'the engine does not touch the DOM',
      { 'simulators/a.ts': "\nexport const x = document.createElement('p')\n" },
      'simulators/a.ts:2: simulators may not use the DOM',
    ],
    [
      'the contract runs in the browser',
      { 'simulators/api/a.ts': "import { once } from 'node:events'\n" },
      'simulators/api/a.ts:1: simulators/api runs in the browser too',
    ],
    [
      'shipped code does not lean on test helpers',
      { 'simulators/run/a.ts': "import '../../tests/support/b.ts'\n", 'tests/support/b.ts': '' },
      'simulators/run/a.ts:1: shipped code may not import tests',
    ],
    [
      'a pure room imports no part of Node that has effects',
      {
        'simulators/plan/a.ts':
          "import { Buffer } from 'node:buffer'\nimport { readFile } from 'node:fs/promises'\n",
      },
      'simulators/plan/a.ts:2: simulators/plan is pure',
    ],
    [
      'mqtt-packet stays with the device',
      {
        'simulators/device/a.ts': "import 'mqtt-packet'\n",
        'simulators/observe/b.ts': "import 'mqtt-packet'\n",
      },
      'simulators/observe/b.ts:1: mqtt-packet belongs to simulators/device',
    ],
    [
      'a third-party client has one importer',
      {
        'simulators/metrics/a.ts': "import h from 'hdr-histogram-js'\n",
        'simulators/metrics/b.ts': "import h from 'hdr-histogram-js'\n",
        'simulators/metrics/b.test.ts': "import h from 'hdr-histogram-js'\n",
      },
      'simulators/metrics/b.ts:1: hdr-histogram-js has its one importer already: simulators/metrics/a.ts',
    ],
    [
      'imports do not go round in circles, types included',
      {
        'simulators/a.ts': "export type { B } from './b.ts'\n",
        'simulators/b.ts': "import type { C } from './c.ts'\n",
        'simulators/c.ts': "import './a.ts'\n",
      },
      'simulators/c.ts:1: circular import: simulators/a.ts -> simulators/b.ts -> simulators/c.ts -> simulators/a.ts',
    ],
    [
      'imports carry their extension',
      { 'simulators/a.ts': "import './b'\n", 'simulators/b.ts': '' },
      "simulators/a.ts:1: './b' names no source file",
    ],
    [
      'there are no barrels',
      { 'simulators/plan/index.ts': "// all\nexport * from './a.ts'\n", 'simulators/plan/a.ts': '' },
      'simulators/plan/index.ts:1: a barrel',
    ],
    [
      'a file has at most 400 lines',
      { 'simulators/a.ts': 'export {}\n'.repeat(401) },
      'simulators/a.ts:401: 401 lines; 400 is the limit',
    ],
  ]

  it.each(cases)('%s', (_, files, expected) => {
    const { problems, status } = check(files)

    expect(problems).toEqual([expect.stringContaining(expected)])
    expect(status).toBe(1)
  })
})

describe('a pure room', () => {
  const impure = [
    'Date.now()',
    'new Date()',
    'performance.now()',
    'Math.random()',
    'setTimeout(f, 1)',
    'setInterval(f, 1)',
    'process.env',
    'crypto.randomUUID()',
  ]

  it.each(impure)('does not use %s', (code) => {
    const { problems } = check({ 'simulators/delivery/a.ts': `const x = ${code}\n` })

    expect(problems).toEqual([expect.stringContaining('simulators/delivery/a.ts:1: a pure room may not use')])
  })

  it('may speak of clocks in comments, strings, regular expressions and its own properties', () => {
    const text = [
      '// Date.now() would lie here',
      '/* Math.random(), over\n two lines */',
      'const message = "not Date.now()" + `performance.now() $' + "{'Math.random()'}`",
      'const pattern = /Date\\.now["\']|process.env/',
      'clock.setTimeout(f, 1)',
      'const at = new Date(0)',
      'const half = whole / 2 // process.env',
      'const third = whole / 3',
    ].join('\n')

    expect(check({ 'simulators/plan/a.ts': text }).problems).toEqual([])
  })

  it('leaves its tests free', () => {
    const { problems } = check({
      'simulators/plan/a.test.ts': "import { readFileSync } from 'node:fs'\nconst t = Date.now()\n",
    })

    expect(problems).toEqual([])
  })
})

describe('dead files', () => {
  const alive = {
    'main/cli/index.ts': "import './used.ts'\n",
    'main/cli/used.ts': '',
    'benchmarks/all.ts': '',
  }

  it('are found when nothing imports them', () => {
    const { problems } = check({ ...alive, 'main/cli/unused.ts': '' })

    expect(problems).toEqual([
      expect.stringContaining('main/cli/unused.ts:1: no entry point reaches this file'),
    ])
  })

  it('are found when only their test imports them', () => {
    const { problems } = check({ ...alive, 'main/cli/b.ts': '', 'main/cli/b.test.ts': "import './b.ts'\n" })

    expect(problems).toEqual([expect.stringContaining('main/cli/b.ts:1: only tests reach this file')])
  })

  it('are found when they only import each other', () => {
    const { problems } = check({ ...alive, 'main/cli/b.ts': "import './c.ts'\n", 'main/cli/c.ts': '' })

    expect(problems).toHaveLength(2)
  })
})

describe('long files', () => {
  it('are listed above 250 lines, without failing', () => {
    const { lines, status } = check({ 'simulators/a.ts': 'export {}\n'.repeat(251) })

    expect(lines).toEqual([expect.stringContaining('simulators/a.ts:1: warning: 251 lines')])
    expect(status).toBe(0)
  })

  it('are accepted when they say why', () => {
    const { lines } = check({
      'simulators/a.ts': `// Long because a table reads best whole.\n${'export {}\n'.repeat(300)}`,
    })

    expect(lines).toEqual([])
  })
})

it('names unfinished work and silenced tools', () => {
  const words = ['TO' + 'DO', '@ts-' + 'ignore', 'biome-' + 'ignore']

  const { problems } = check({ 'simulators/a.ts': words.map((word) => `// ${word}\n`).join('') })

  expect(problems).toHaveLength(3)
})

it('holds for this repository', () => {
  const root = resolve(import.meta.dirname, '..')

  const { stderr, status } = spawnSync(process.execPath, [CHECKER, root], { encoding: 'utf8' })

  expect(stderr.split('\n').filter((line) => line && !line.includes(': warning: '))).toEqual([])
  expect(status).toBe(0)
})
