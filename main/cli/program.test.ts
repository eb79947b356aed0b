import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fakeHost } from '../../tests/support/fake-cli-host.ts'
import { runProgram } from './program.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'flotilla-cli-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function run(...args: string[]) {
  const host = fakeHost({ cwd: folder })
  const code = await runProgram(host, args)
  return { code, stdout: host.stdout.text(), stderr: host.stderr.text() }
}

async function profile(value: unknown): Promise<string> {
  await writeFile(
    join(folder, 'p.flotilla.json'),
    typeof value === 'string' ? value : JSON.stringify(value, null, 2),
  )
  return 'p.flotilla.json'
}

const fleet = { count: 10, publish: [{ topic: 't/{{device}}', every: '500ms' }] }

describe('the command line', () => {
  it('suggests the option that was meant', async () => {
    expect(await run('run', 'x.json', '--duraton', '5m')).toEqual({
      code: 2,
      stdout: '',
      stderr: "flotilla: unknown option '--duraton' (BAD_USAGE)\n  Did you mean --duration?\n",
    })
  })

  it('suggests the command that was meant', async () => {
    expect(await run('valdiate', 'x.json')).toMatchObject({
      code: 2,
      stderr: "flotilla: unknown command 'valdiate' (BAD_USAGE)\n  Did you mean validate?\n",
    })
  })

  it.each([
    ['a missing profile', ['run']],
    ['an option without its value', ['run', 'x.json', '--seed']],
    ['a value that is none', ['run', 'x.json', '--seed', 'seven']],
    ['too many arguments', ['run', 'x.json', 'y.json']],
    ['an unknown schema', ['schema', 'everything']],
  ])('ends with 2 for %s', async (_what, args) => {
    const { code, stdout, stderr } = await run(...args)

    expect(code).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).toMatch(/^flotilla: .+ \(BAD_USAGE\)\n {2}.+\n$/)
  })

  it('prints help when asked, with the exit codes that scripts need', async () => {
    expect((await run('run', '--help')).stdout).toContain('3 thresholds failed')
    expect(await run('--help')).toMatchObject({ code: 0, stderr: '' })
  })

  it('prints help as an error when it is given nothing', async () => {
    expect(await run()).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('Usage: flotilla'),
    })
  })

  it('tells its version', async () => {
    expect(await run('version')).toEqual({ code: 0, stdout: '1.2.3\n', stderr: '' })
    expect(await run('--version')).toEqual({ code: 0, stdout: '1.2.3\n', stderr: '' })
  })
})

describe('flotilla validate', () => {
  it('says what a run would do', async () => {
    const file = await profile({
      version: 1,
      broker: { url: 'mqtt://qa:1883' },
      fleets: [fleet, { ...fleet, name: 'two' }],
    })

    const { code, stdout } = await run('validate', file)

    expect(code).toBe(0)
    expect(stdout.replaceAll('\u2009', ' ')).toContain(
      `${file} is valid. It would connect 20 devices in 2 fleets to qa:1883, publish up to 40/s in total and about 1 198 messages, and end after 30 s and a drain.`,
    )
  })

  it('prints every problem with its place and what to do', async () => {
    const file = await profile({ version: 1, fleets: [{ ...fleet, count: -1, publsh: [] }] })

    const { code, stdout, stderr } = await run('validate', file)

    expect(code).toBe(2)
    expect(stdout).toMatch(/^p\.flotilla\.json:5:\d+ fleets\[0\]\.count: .+$/m)
    expect(stdout).toMatch(/^p\.flotilla\.json:\d+:\d+ .*publsh.*$/m)
    expect(stderr).toMatch(/^flotilla: p\.flotilla\.json has 2 problems \(PROFILE_INVALID\)\n/)
  })

  it('prints the same as JSON for programs', async () => {
    const valid = JSON.parse(
      (await run('validate', await profile({ version: 1, fleets: [fleet] }), '--json')).stdout,
    )
    const { code, stdout } = await run('validate', await profile('{'), '--json')

    expect(valid).toMatchObject({
      valid: true,
      problems: [],
      run: { devices: 10, peakTotalRateHz: 20, durationMs: 30_000, brokers: ['the embedded broker'] },
    })
    expect(code).toBe(2)
    expect(JSON.parse(stdout)).toMatchObject({
      valid: false,
      problems: [{ code: 'not-json', line: 1 }],
      run: null,
    })
  })

  it('judges the profile as --set leaves it', async () => {
    const file = await profile({ version: 1, fleets: [{ ...fleet, count: 0 }] })

    expect((await run('validate', file)).code).toBe(2)
    expect((await run('validate', file, '--set', 'fleets[0].count=5')).code).toBe(0)
    expect(await run('validate', file, '--set', 'fleets[0].count')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('(BAD_USAGE)'),
    })
  })

  it('never lets --set hide that a file is not what it seems', async () => {
    const file = await profile(`{ "version": 1, "version": 1, "fleets": [${JSON.stringify(fleet)}] }`)

    expect((await run('validate', file, '--set', 'seed=5')).stdout).toContain('version')
  })

  it('says why a file cannot be read', async () => {
    expect((await run('validate', 'nowhere.json')).stderr).toBe(
      'flotilla: Cannot read nowhere.json: there is no such file (PROFILE_UNREADABLE)\n  Check the path and the permissions of the profile file.\n',
    )
    expect((await run('validate', '.')).stderr).toContain('it is a folder')
  })
})

describe('flotilla schema', () => {
  it('prints both schemas', async () => {
    expect(JSON.parse((await run('schema')).stdout).title).toBe('Flotilla profile')
    expect(JSON.parse((await run('schema', 'report')).stdout).title).toBe('Flotilla report')
  })
})

describe('flotilla init', () => {
  it('writes a profile that is valid and explained by the schema beside it', async () => {
    expect(await run('init', 'line-3.flotilla.json')).toMatchObject({ code: 0 })

    expect((await run('validate', 'line-3.flotilla.json')).code).toBe(0)
    const written = JSON.parse(await readFile(join(folder, 'line-3.flotilla.json'), 'utf8'))
    expect(written.name).toBe('line-3')
    expect(JSON.parse(await readFile(join(folder, written.$schema), 'utf8')).title).toBe('Flotilla profile')
  })

  it('refuses to overwrite', async () => {
    await writeFile(join(folder, 'profile.flotilla.json'), 'precious')

    expect(await run('init')).toEqual({
      code: 2,
      stdout: '',
      stderr:
        'flotilla: profile.flotilla.json is there already (BAD_USAGE)\n  Choose another name, or delete it first.\n',
    })
    expect(await readFile(join(folder, 'profile.flotilla.json'), 'utf8')).toBe('precious')
  })
})
