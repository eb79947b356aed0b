import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AppError, buildReport, type Report, reportSchema } from '../../simulators/index.ts'
import { type FakeRun, fakeHost, transcript } from '../../tests/support/fake-cli-host.ts'
import { runOutcome } from '../../tests/support/run-outcome.ts'
import { runProgram } from './program.ts'

const LOCAL = {
  version: 1,
  fleets: [{ name: 'meters', count: 10, publish: [{ topic: 't/{{device}}', every: '1s' }] }],
}
const REMOTE = { ...LOCAL, broker: { url: 'mqtt://qa-broker.example:1883' } }

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'flotilla-cli-'))
  await writeFile(join(folder, 'local.flotilla.json'), JSON.stringify(LOCAL, null, 2))
  await writeFile(join(folder, 'remote.flotilla.json'), JSON.stringify(REMOTE, null, 2))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const LOCAL_FILE = 'local.flotilla.json'
const passed = buildReport(runOutcome())

function interrupted(): Report {
  const outcome = runOutcome()
  outcome.identity.interrupted = true
  return buildReport(outcome)
}

describe('flotilla run', () => {
  it('prints the summary on standard output and ends with the code of the verdict', async () => {
    const host = fakeHost({ cwd: folder })

    expect(await runProgram(host, ['run', LOCAL_FILE])).toBe(0)

    expect(host.stdout.text()).toMatch(/^✓ PASS {2}12.000 of 12.000 messages delivered\n/)
    expect(host.stdout.text()).toContain('Report      not kept; --out DIR writes it')
  })

  it('hands over what the profile and the options say', async () => {
    const host = fakeHost({ cwd: folder })

    await runProgram(host, [
      ...['run', LOCAL_FILE, '--seed', '9', '--duration', '2m', '--shards', '3', '--shard', '2/8'],
      ...[
        '--start-at',
        '2026-01-01T00:01:00Z',
        '--set',
        'fleets[0].count=25',
        '--set',
        'fleets.meters.publish[0].qos=1',
      ],
    ])

    const { request } = host.runs[0] ?? expect.fail('no run')
    expect(request).toMatchObject({
      baseDir: folder,
      shards: 3,
      share: { index: 1, count: 8 },
      startAtMs: Date.UTC(2026, 0, 1, 0, 1),
      profile: {
        seed: 9,
        name: 'local',
        fleets: [{ count: 25, publish: [{ qos: 1 }] }],
        stages: [{ for: 120_000 }],
      },
      source: { seed: 9, fleets: [{ count: 25 }], stages: [{ for: '120000ms' }] },
    })
  })

  it('prints nothing but the report on standard output with --json', async () => {
    const host = fakeHost({ cwd: folder })

    await runProgram(host, ['run', LOCAL_FILE, '--json', '--quiet'])

    expect(reportSchema.parse(JSON.parse(host.stdout.text()))).toEqual(passed)
    expect(host.stderr.text()).toBe('')
  })

  it('shows progress on standard error unless it is told to be quiet', async () => {
    const onRun = (run: FakeRun) => {
      run.report({
        ...{ state: 'running', tMs: 0, totalMs: 30_000, connected: 10, devices: 10, sentPerS: 10 },
        ...{ targetPerS: 10, sent: 0, missing: 0, e2eP99Ms: null, behind: 0 },
      })
      run.finish(passed)
    }
    const loud = fakeHost({ cwd: folder, onRun })
    const quiet = fakeHost({ cwd: folder, onRun })

    await runProgram(loud, ['run', LOCAL_FILE])
    await runProgram(quiet, ['run', LOCAL_FILE, '--quiet'])

    expect(loud.stderr.text()).toContain('Running 00:00 / 00:30, 10/10 connected')
    expect(quiet.stderr.text()).toBe('')
    expect(quiet.stdout.text()).toContain('PASS')
  })

  it.each([
    ['fail', 3],
    ['inconclusive', 5],
    ['invalid', 5],
  ] as const)('ends a run of verdict %s with %i', async (verdict, code) => {
    const host = fakeHost({ cwd: folder, onRun: (run) => run.finish(buildReport(runOutcome({ verdict }))) })

    expect(await runProgram(host, ['run', LOCAL_FILE])).toBe(code)
  })

  it('says why a run could not start, and ends with 4', async () => {
    const refused = new AppError({
      code: 'BROKER_UNREACHABLE',
      message: 'ECONNREFUSED 127.0.0.1:1883',
      hint: 'Start it.',
    })
    const host = fakeHost({ cwd: folder, onRun: (run) => run.fail(refused) })

    expect(await runProgram(host, ['run', LOCAL_FILE, '--quiet'])).toBe(4)

    expect(host.stderr.text()).toBe(
      'flotilla: ECONNREFUSED 127.0.0.1:1883 (BROKER_UNREACHABLE)\n  Start it.\n',
    )
    expect(host.stdout.text()).toBe('')
  })

  it('ends with 1 and a trace when Flotilla itself is at fault', async () => {
    const host = fakeHost({ cwd: folder, onRun: (run) => run.fail(new TypeError('x is not a function')) })

    expect(await runProgram(host, ['run', LOCAL_FILE, '--quiet'])).toBe(1)

    expect(host.stderr.text()).toContain('flotilla: x is not a function (INTERNAL)')
    expect(host.stderr.text()).toContain('run.test.ts')
  })
})

describe('Ctrl-C', () => {
  it('drains at first and still reports', async () => {
    const host = fakeHost({
      cwd: folder,
      onRun: (run) => {
        host.interrupt()
        run.finish(interrupted())
      },
    })

    expect(await runProgram(host, ['run', LOCAL_FILE])).toBe(130)

    expect(host.runs[0]?.stops).toEqual(['drain'])
    expect(host.stderr.text()).toBe('Draining. Ctrl-C again stops at once.\n')
    expect(host.stdout.text()).toContain('stopped by hand')
  })

  it('stops at once the second time, with a report of what there is', async () => {
    const host = fakeHost({
      cwd: folder,
      onRun: (run) => {
        host.interrupt()
        host.interrupt()
        run.finish(interrupted())
      },
    })

    expect(await runProgram(host, ['run', LOCAL_FILE, '--out', 'kept'])).toBe(130)

    expect(host.runs[0]?.stops).toEqual(['drain', 'now'])
    expect(await readdir(join(folder, 'kept'))).toEqual(['report.json'])
  })

  it('leaves the third time even when the run does not answer', async () => {
    const host = fakeHost({
      cwd: folder,
      onRun: () => {
        for (let times = 0; times < 3; times += 1) host.interrupt()
      },
    })

    expect(await runProgram(host, ['run', LOCAL_FILE])).toBe(130)
    expect(host.stdout.text()).toBe('')
  })
})

describe('the report file', () => {
  it('goes where --out says, and the summary says so', async () => {
    const host = fakeHost({ cwd: folder })

    expect(await runProgram(host, ['run', LOCAL_FILE, '--out', 'runs/one'])).toBe(0)

    const path = join(folder, 'runs', 'one', 'report.json')
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(passed)
    expect(host.stdout.text()).toContain(`Report      ${path}`)
  })

  it('goes to the folder for temporary files when it cannot be written there', async () => {
    await writeFile(join(folder, 'taken'), '')
    const host = fakeHost({ cwd: folder })

    expect(await runProgram(host, ['run', LOCAL_FILE, '--out', 'taken', '--quiet'])).toBe(1)

    const fallback = (await readdir(folder)).find((name) => name.startsWith('flotilla-report-')) ?? ''
    const path = join(folder, fallback, 'report.json')
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(passed)
    expect(host.stdout.text()).toContain(`Report      ${path}`)
    expect(host.stderr.text()).toContain(`(REPORT_UNWRITABLE)`)
    expect(host.stderr.text()).toContain(`The report is in ${path}`)
  })

  it('is printed when no folder takes it, for nothing that was measured may be lost', async () => {
    await writeFile(join(folder, 'taken'), '')
    const host = { ...fakeHost({ cwd: folder }), tempDir: join(folder, 'taken') }

    expect(await runProgram(host, ['run', LOCAL_FILE, '--out', 'taken'])).toBe(1)

    const text = host.stdout.text()
    expect(JSON.parse(text.slice(text.indexOf('\n{\n')))).toEqual(passed)
  })

  it('does not hide a failed verdict behind its own failure', async () => {
    await writeFile(join(folder, 'taken'), '')
    const host = fakeHost({
      cwd: folder,
      onRun: (run) => run.finish(buildReport(runOutcome({ verdict: 'fail' }))),
    })

    expect(await runProgram(host, ['run', LOCAL_FILE, '--out', 'taken'])).toBe(3)
  })
})

describe('consent', () => {
  it('is not asked for brokers on this machine', async () => {
    const host = fakeHost({ cwd: folder, confirm: () => expect.fail('asked') })

    expect(await runProgram(host, ['run', LOCAL_FILE])).toBe(0)
  })

  it('is needed for a broker elsewhere, and says what the run would do', async () => {
    const host = fakeHost({ cwd: folder })

    expect(await runProgram(host, ['run', 'remote.flotilla.json'])).toBe(2)

    expect(host.runs).toEqual([])
    expect(host.stderr.text()).toMatch(
      /^flotilla: This run connects 10 devices to qa-broker\.example:1883 and publishes up to 10\/s in total\. \(CONSENT_NEEDED\)\n {2}Pass --yes/m,
    )
  })

  it('is given by --yes or by an answer', async () => {
    const questions: string[] = []
    const confirm = (question: string) => {
      questions.push(question)
      return Promise.resolve(true)
    }

    expect(await runProgram(fakeHost({ cwd: folder }), ['run', 'remote.flotilla.json', '--yes'])).toBe(0)
    expect(await runProgram(fakeHost({ cwd: folder, confirm }), ['run', 'remote.flotilla.json'])).toBe(0)
    expect(questions).toEqual([
      'This run connects 10 devices to qa-broker.example:1883 and publishes up to 10/s in total.\nStart? [y/N] ',
    ])
  })

  it('shows the certificate files that would be read', async () => {
    const tls = { ca: 'certs/ca.pem', cert: 'certs/{{device}}.pem', key: 'certs/{{device}}.key' }
    const profile = { ...LOCAL, broker: { url: 'mqtts://qa-broker.example', tls } }
    await writeFile(join(folder, 'tls.flotilla.json'), JSON.stringify(profile))
    const host = fakeHost({ cwd: folder })

    await runProgram(host, ['run', 'tls.flotilla.json'])

    expect(host.stderr.text()).toContain('It reads certs/ca.pem, certs/{{device}}.pem, certs/{{device}}.key.')
  })

  it('withheld means that nothing is started', async () => {
    const host = fakeHost({ cwd: folder, confirm: () => Promise.resolve(false) })

    expect(await runProgram(host, ['run', 'remote.flotilla.json'])).toBe(2)
    expect(host.runs).toEqual([])
  })

  it('is asked for when only the broker of one fleet is elsewhere', async () => {
    const fleets = [
      ...LOCAL.fleets,
      { ...LOCAL.fleets[0], name: 'far', broker: { url: 'mqtt://[2001:db8::1]:1884' } },
    ]
    await writeFile(join(folder, 'mixed.flotilla.json'), JSON.stringify({ ...LOCAL, fleets }))
    const host = fakeHost({ cwd: folder })

    expect(await runProgram(host, ['run', 'mixed.flotilla.json'])).toBe(2)
    expect(host.stderr.text()).toContain('[2001:db8::1]:1884')
  })
})

describe('secrets', () => {
  const reference = (kind: string, name: string) => `$\{${kind}:${name}}`

  beforeEach(async () => {
    const fleet = { ...LOCAL.fleets[0], auth: { username: 'me', password: reference('secret', 'METERS') } }
    await writeFile(join(folder, 'secret.flotilla.json'), JSON.stringify({ ...LOCAL, fleets: [fleet] }))
  })

  it('come from the secret file first, then from the environment, and never reach the source', async () => {
    await writeFile(join(folder, 'secrets'), '# of QA\nMETERS=from=file\n')
    const host = fakeHost({ cwd: folder, env: { METERS: 'from env' } })

    await runProgram(host, ['run', 'secret.flotilla.json', '--secret-file', 'secrets'])
    await runProgram(host, ['run', 'secret.flotilla.json'])

    expect(host.runs.map(({ request }) => request.profile.fleets[0]?.auth?.password)).toEqual([
      'from=file',
      'from env',
    ])
    expect(JSON.stringify(host.runs.map(({ request }) => request.source))).not.toMatch(/from.(file|env)/)
  })

  it('that are missing are named with the place that uses them', async () => {
    const host = fakeHost({ cwd: folder })

    expect(await runProgram(host, ['run', 'secret.flotilla.json'])).toBe(2)

    expect(host.stderr.text()).toContain('METERS')
    expect(host.stderr.text()).toContain('(SECRET_MISSING)')
  })
})

describe('a live line', () => {
  it('is gone before the summary is printed', async () => {
    const stderr = transcript({ isTty: true })
    const host = fakeHost({
      cwd: folder,
      stderr,
      onRun: (run) => {
        run.report({
          ...{ state: 'running', tMs: 0, totalMs: 30_000, connected: 10, devices: 10, sentPerS: 10 },
          ...{ targetPerS: 10, sent: 0, missing: 0, e2eP99Ms: null, behind: 0 },
        })
        run.finish(passed)
      },
    })

    await runProgram(host, ['run', LOCAL_FILE])

    expect(stderr.text().endsWith('\r\u001b[2K')).toBe(true)
  })
})
