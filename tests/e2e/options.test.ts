import { existsSync, readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import { flotilla } from '../support/cli.ts'
import { startMosquitto } from '../support/mosquitto.ts'
import { describeWithMosquitto } from '../support/needs.ts'
import { useScratch } from '../support/scratch.ts'
import { shortProfile } from '../support/short-profile.ts'
import { validReport } from '../support/valid-report.ts'

const scratch = useScratch()
const profile = scratch.write('options.json', shortProfile({ for: '30s', seed: 5 }))
const cli = (...args: string[]) => flotilla(args, { cwd: scratch.path })

async function reportOf(...args: string[]) {
  const { stdout, exitCode, orphans } = await cli('run', profile, '--json', '--quiet', ...args)
  expect({ exitCode, orphans }).toEqual({ exitCode: 0, orphans: [] })
  return validReport(stdout)
}

describe.concurrent('flotilla run', () => {
  it('changes the profile for this run with --set, --seed and --duration', async () => {
    const set = ['--set', 'fleets[0].count=3', '--set', 'fleets.meters.publish[0].qos=2']
    const report = await reportOf(...set, '--seed', '77', '--duration', '1s')

    expect(report.run).toMatchObject({ seed: 77 })
    expect(report.run.durationMs).toBeLessThan(10_000)
    expect(report.connections.planned).toBe(3)
    expect(report.profile).toMatchObject({
      seed: 77,
      fleets: [{ count: 3, publish: [{ qos: 2 }] }],
      stages: [{ for: '1000ms' }],
    })
    // Three devices, ten a second.
    expect(report.books.generated).toBe(30)
  })

  it('spreads the devices over as many shards as it is told', async () => {
    const [one, two] = await Promise.all(
      ['1', '2'].map((count) => reportOf('--shards', count, '--duration', '1s')),
    )

    expect(one?.generator.shards.map(({ devices }) => devices)).toEqual([5])
    expect(two?.generator.shards.map(({ devices }) => devices)).toEqual([3, 2])
    expect(two?.books.generated).toBe(one?.books.generated)
  })

  it('says nothing on standard error with --quiet', async () => {
    const { stdout, stderr, exitCode } = await cli('run', profile, '--quiet', '--duration', '500ms')

    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 })
    expect(stdout).toMatch(/^✓ PASS {2}(\d+) of \1 messages delivered\n/)
  })

  it.each([
    [['--sed', '5'], "unknown option '--sed' (BAD_USAGE)\n  Did you mean"],
    [['--seed', '-1'], 'argument missing|a whole number from 0'],
    [['--duration', '5 parsecs'], 'a duration such as 30s, 5m or 1h is wanted (BAD_USAGE)'],
    [['--shard', '3/2'], 'a share such as 2/8 is wanted'],
    [['--shards', '0'], 'a whole number from 1 to 256 is wanted'],
    [['--start-at', 'noon'], 'a time such as 2026-01-31T14:00:00Z is wanted'],
    [['--set', 'fleets[0].cuont=5'], 'fleets[0].cuont'],
    [['--set', 'fleets[0].count=-5'], 'must be at least 1, not -5'],
    [['--set', '__proto__.x=1'], '__proto__'],
  ])('refuses %j', async (args, complaint) => {
    const { exitCode, stdout, stderr, orphans } = await cli('run', profile, ...args)

    expect({ exitCode, stdout, orphans }).toEqual({ exitCode: 2, stdout: '', orphans: [] })
    const isSaid = complaint.split('|').some((part) => stderr.includes(part))
    expect(isSaid, stderr).toBe(true)
    expect(stderr).toMatch(/\((BAD_USAGE|PROFILE_INVALID)\)\n {2}\S/)
  })
})

describeWithMosquitto('two shares of a profile', () => {
  it('together send what the whole plans', async () => {
    const broker = await startMosquitto()
    const set = ['--set', `broker.url=mqtt://127.0.0.1:${broker.port}`, '--duration', '1s']
    const all = ['1/2', '2/2'].map((share) => reportOf(...set, '--shard', share))
    const [whole, ...shares] = await Promise.all([reportOf(...set), ...all]).finally(() => broker.stop())

    expect(shares.map((report) => report.run.shard)).toEqual(['1/2', '2/2'])
    expect(shares.map((report) => report.connections.planned)).toEqual([3, 2])
    const sent = shares.reduce((sum, { books }) => sum + books.sent, 0)
    expect(sent).toBe(whole.books.sent)
    // Both probes hear all devices; each judges its own share.
    for (const { observers, books } of shares)
      expect(observers.mqtt).toMatchObject({ delivered: books.sent, phantom: 0, missing: 0 })
  })
})

describe.concurrent('flotilla', () => {
  it('without a command shows its help and ends with 2', async () => {
    const { exitCode, stderr } = await cli()

    expect(exitCode).toBe(2)
    expect(stderr).toMatch(/^Usage: flotilla/)
  })

  it('names a command that it does not know, and what was meant', async () => {
    const { exitCode, stderr } = await cli('rnu')

    expect(exitCode).toBe(2)
    expect(stderr).toBe("flotilla: unknown command 'rnu' (BAD_USAGE)\n  Did you mean run?\n")
  })

  it('validate says what a run would do, or what is wrong', async () => {
    const wrong = scratch.write('wrong.json', { version: 1, fleets: [{ count: -1 }] })
    const [good, bad, json] = await Promise.all([
      cli('validate', profile),
      cli('validate', wrong),
      cli('validate', wrong, '--json'),
    ])

    expect(good).toMatchObject({ exitCode: 0, stderr: '' })
    expect(good.stdout.replaceAll('\u2009', ' ')).toMatch(
      /^options\.json is valid\. It would connect 5 devices to the embedded broker, publish up to 50\/s in total and about 1 (499|500) messages, and end after 30 s and a drain\.\n$/,
    )
    expect(bad.exitCode).toBe(2)
    expect(bad.stdout).toMatch(/wrong\.json:\d+:\d+ fleets\[0\]\.count: must be at least 1/)
    expect(bad.stderr).toContain('(PROFILE_INVALID)')
    expect(json.exitCode).toBe(2)
    expect(JSON.parse(json.stdout)).toMatchObject({ valid: false, problems: [{ path: 'fleets[0].count' }] })
  })

  it.each(['profile', 'report'])('schema prints the published schema of a %s', async (which) => {
    const { exitCode, stdout } = await cli('schema', which)

    expect(exitCode).toBe(0)
    const published = new URL(`../../assets/schema/${which}.schema.json`, import.meta.url)
    expect(JSON.parse(stdout)).toEqual(JSON.parse(readFileSync(published, 'utf8')))
  })

  it('init writes a profile that is valid by its schema, runs and passes', async () => {
    const init = await cli('init', 'mine.flotilla.json')
    expect(init).toMatchObject({ exitCode: 0, stderr: '' })
    expect(init.stdout).toBe('Wrote mine.flotilla.json. Next: flotilla run mine.flotilla.json\n')

    const written = JSON.parse(readFileSync(scratch.join('mine.flotilla.json'), 'utf8'))
    const schemaPath = scratch.join(written.$schema)
    expect(existsSync(schemaPath)).toBe(true)
    const ajv = new Ajv({ strict: false })
    expect(ajv.validate(JSON.parse(readFileSync(schemaPath, 'utf8')), written)).toBe(true)

    const [again, run] = await Promise.all([
      cli('init', 'mine.flotilla.json'),
      cli('run', 'mine.flotilla.json', '--quiet', '--duration', '2s'),
    ])
    expect(again.exitCode).toBe(2)
    expect(again.stderr).toContain('mine.flotilla.json is there already (BAD_USAGE)\n  Choose another name')
    expect(run).toMatchObject({ exitCode: 0, orphans: [] })
    expect(run.stdout).toContain('✓ PASS')
  })
})
