import { describe, expect, it } from 'vitest'
import { flotilla } from '../support/cli.ts'
import { useScratch } from '../support/scratch.ts'

const scratch = useScratch()

/** What a run of a profile prints when it is refused: nothing starts, the exit code is 2, and nothing is left. */
async function refused(name: string, content: unknown): Promise<string> {
  const file = scratch.write(`${name.replaceAll(' ', '-')}.json`, content)
  const result = await flotilla(['run', file], { cwd: scratch.path })
  expect(result).toMatchObject({ exitCode: 2, stdout: '', orphans: [] })
  return result.stderr
}

const FLEET = { count: 3, publish: [{ topic: 't/{{device}}', every: '1s' }] }
const profile = (fleet: object, more: object = {}) => ({
  version: 1,
  fleets: [{ ...FLEET, ...fleet }],
  ...more,
})

describe.concurrent('flotilla run refuses a profile', () => {
  it('that is empty', async () => {
    const stderr = await refused('empty', '')

    expect(stderr).toContain('empty.json:1:1 the file is empty\n  flotilla init NAME writes a profile')
    expect(stderr).toContain('flotilla: empty.json has 1 problem (PROFILE_INVALID)')
  })

  it('that is huge, without reading all of it', async () => {
    const stderr = await refused('huge', Buffer.alloc(50_000_000, 0x20))

    expect(stderr).toContain('huge.json:1:1 the profile is larger than 1 MB\n  Move large payloads')
  })

  it('that is not JSON, with the place', async () => {
    const stderr = await refused('not-json', '{ "version": 1,\n  "fleets": [,] }\n')

    expect(stderr).toMatch(/not-json\.json:2:\d+ not JSON: .+\n {2}A profile is plain JSON/)
  })

  it('that is not text', async () => {
    const stderr = await refused('not-text', Buffer.of(0xff, 0xfe, 0x00, 0xd8))

    expect(stderr).toContain('it is not UTF-8 text (PROFILE_UNREADABLE)\n  Save the profile as UTF-8.')
  })

  it('of a future version', async () => {
    const stderr = await refused('future', { version: 99, fleets: [FLEET] })

    expect(stderr).toMatch(/future\.json:2:14 version: made by a newer Flotilla, version 99.+\n {2}Update/)
  })

  it('with unknown keys, and says what was meant', async () => {
    const stderr = await refused('unknown-keys', profile({ pubish: [], countt: 3 }))

    expect(stderr).toMatch(/fleets\[0\]\.pubish: unknown key "pubish"\n {2}Did you mean "publish"\?/)
    expect(stderr).toMatch(/fleets\[0\]\.countt: unknown key "countt"\n {2}Did you mean "count"\?/)
    expect(stderr).toContain('has 2 problems (PROFILE_INVALID)')
  })

  it('with wrong units', async () => {
    const stderr = await refused('units', profile({ publish: [{ topic: 't', every: '10 parsecs' }] }))

    expect(stderr).toMatch(/every: "10 parsecs" is not a duration such as "250ms".+\n {2}.*For example "10s"/)
  })

  it('with negative counts', async () => {
    const stderr = await refused('negative', profile({ count: -3 }))

    expect(stderr).toContain('fleets[0].count: must be at least 1, not -3')
  })

  it('with client ids that are there twice, within a fleet and between two', async () => {
    const same = { ...FLEET, clientId: 'same' }
    const fleets = [same, { ...FLEET, count: 1, clientId: 'x-0' }, { ...FLEET, clientId: 'x-{{index}}' }]
    const stderr = await refused('twice', { version: 1, fleets })

    expect(stderr).toMatch(/fleets\[0\]\.clientId: all 3 devices .+ same client id\n {2}Use \{\{device\}\}/)
    expect(stderr).toMatch(/fleets\[2\]\.clientId: .*x-0/)
  })

  it('that reaches for a prototype', async () => {
    const stderr = await refused('proto', '{"version":1,"__proto__":{"x":1},"fleets":[{"count":1}]}')

    expect(stderr).toContain('proto.json:1:14 __proto__: the key "__proto__" is not allowed')
  })

  it('with a template that does', async () => {
    const stderr = await refused('template', profile({ clientId: '{{constructor}}-{{index}}' }))

    expect(stderr).toMatch(/fleets\[0\]\.clientId: .*constructor/)
  })

  it('whose replay file is missing', async () => {
    const payload = { replay: { file: 'data/trace.csv' } }
    const stderr = await refused('replay', profile({ publish: [{ topic: 't', every: '1s', payload }] }))

    expect(stderr).toMatch(/trace\.csv.*: there is no such file \(FILE_UNREADABLE\)\n {2}.*relative to the/)
    expect(stderr).not.toContain('ENOENT')
  })

  it('whose certificates are missing', async () => {
    const tls = { ca: 'certs/ca.pem' }
    const stderr = await refused(
      'certificates',
      profile({}, { broker: { url: 'mqtts://127.0.0.1:8883', tls } }),
    )

    expect(stderr).toMatch(
      /certs\/ca\.pem.*: there is no such file \(FILE_UNREADABLE\)\n {2}.*relative to the/,
    )
  })

  it('with several problems at once, each with line and column', async () => {
    const lines = [
      '{',
      '  "version": 1,',
      '  "nmae": "x",',
      '  "fleets": [',
      '    { "count": 0,',
      '      "auth": { "username": "u", "password": "hunter2" },',
      '      "publish": [{ "topic": "t/#", "evry": "1s", "every": "1s" }] }',
      '  ],',
      '  "thresholds": ["lots == 0"]',
      '}',
    ]
    const stderr = await refused('several', lines.join('\n'))

    for (const place of [
      '3:3 nmae',
      '5:16 fleets[0].count',
      '6:46 fleets[0].auth.password',
      '7:30 fleets[0]',
    ])
      expect(stderr).toContain(`several.json:${place}`)
    expect(stderr).toContain('several.json:7:37 fleets[0].publish[0].evry')
    expect(stderr).toContain('several.json:9:18 thresholds[0]: there is no metric "lots"')
    expect(stderr).toContain('has 6 problems (PROFILE_INVALID)')
    expect(stderr).not.toContain('hunter2')
  })

  it('that is not there, or is a folder', async () => {
    const [missing, folder] = await Promise.all([
      flotilla(['run', 'nowhere.json'], { cwd: scratch.path }),
      flotilla(['run', scratch.path], { cwd: scratch.path }),
    ])

    expect(missing).toMatchObject({ exitCode: 2, stdout: '', orphans: [] })
    expect(missing.stderr).toBe(
      'flotilla: Cannot read nowhere.json: there is no such file (PROFILE_UNREADABLE)\n  Check the path and the permissions of the profile file.\n',
    )
    expect(folder.exitCode).toBe(2)
    expect(folder.stderr).toContain('it is a folder (PROFILE_UNREADABLE)')
  })
})

describe.concurrent('secrets', () => {
  const NAMES = `$\{env:BENCH_USER}/$\{secret:METERS}`
  const withSecrets = profile({ auth: { username: `$\{env:BENCH_USER}`, password: `$\{secret:METERS}` } })
  const run = (args: string[], env: Record<string, string> = {}) =>
    flotilla(['run', scratch.write('secrets.json', withSecrets), ...args], { cwd: scratch.path, env })

  it('that stand in the profile are refused and not repeated', async () => {
    const stderr = await refused('inline', profile({ auth: { username: 'u', password: 'hunter2' } }))

    expect(stderr).toContain('fleets[0].auth.password: a secret stands in the profile itself')
    expect(stderr).toContain('--secret-file')
    expect(stderr).not.toContain('hunter2')
  })

  it(`that are missing are all named: ${NAMES}`, async () => {
    const result = await run([])

    expect(result).toMatchObject({ exitCode: 2, stdout: '', orphans: [] })
    expect(result.stderr).toMatch(
      /BENCH_USER.+fleets\[0\]\.auth\.username.+METERS.+\(SECRET_MISSING\)\n {2}\S/,
    )
  })

  it('are looked for in a secret file that is there', async () => {
    const result = await run(['--secret-file', 'no-secrets'])

    expect(result.exitCode).toBe(2)
    expect(result.stderr).toContain('Cannot read no-secrets: there is no such file (FILE_UNREADABLE)')
  })

  it('are not shown when a line of their file is wrong', async () => {
    scratch.write('secrets', 'BENCH_USER=me\nhunter2\n')
    const result = await run(['--secret-file', 'secrets'])

    expect(result.exitCode).toBe(2)
    expect(result.stderr).toContain('secrets:2: not a NAME=value line (BAD_USAGE)')
    expect(result.stderr).not.toContain('hunter2')
  })

  it('given by file and environment reach the broker and no report', async () => {
    scratch.write('good-secrets', 'METERS=swordfish\n')
    const args = ['--secret-file', 'good-secrets', '--duration', '500ms', '--json', '--out', 'kept']
    const result = await run(args, { BENCH_USER: 'bench-user' })

    expect(result).toMatchObject({ exitCode: 0, orphans: [] })
    expect(result.stdout + result.stderr).not.toMatch(/swordfish|bench-user/)
    expect(JSON.parse(result.stdout).profile.fleets[0].auth).toEqual({
      username: `$\{env:BENCH_USER}`,
      password: `$\{secret:METERS}`,
    })
  })
})
