import { execFileSync, spawnSync } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { flotilla } from '../support/cli.ts'
import { useScratch } from '../support/scratch.ts'
import { shortProfile } from '../support/short-profile.ts'
import { validReport } from '../support/valid-report.ts'

const scratch = useScratch()
const profile = scratch.write('short.json', shortProfile({ for: '1s' }))
const run = (args: string[], more: Partial<Parameters<typeof flotilla>[1]> = {}) =>
  flotilla(['run', profile, ...args], { cwd: scratch.path, ...more })

const mounted: string[] = []
afterAll(() => {
  for (const folder of mounted) execFileSync('umount', [folder])
})

/** A file system of 64 kB in memory; undefined where that takes rights that these tests do not have. */
function tinyDisk(name: string): string | undefined {
  const folder = scratch.join(name)
  mkdirSync(folder)
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder])
  if (status !== 0) return undefined
  mounted.push(folder)
  return folder
}

const fullDisk = tinyDisk('full')
if (fullDisk) spawnSync('dd', ['if=/dev/zero', `of=${fullDisk}/filler`, 'bs=1k', 'count=64'])
const readOnlyDisk = tinyDisk('read-only')
if (readOnlyDisk) execFileSync('mount', ['-o', 'remount,ro', readOnlyDisk])

const TROUBLES: [string, string | undefined, RegExp][] = [
  ['the disk is full', fullDisk, /the disk is full \(ENOSPC\)/],
  ['the file system is read-only', readOnlyDisk, /the file system is read-only \(EROFS\)/],
  ['a file is in the way', scratch.join(scratch.write('taken', '')), /file/],
  ['no folder can be made there', '/dev/null/reports', /a part of the path is a file/],
]

describe.concurrent('a report that cannot be written', () => {
  it.for(TROUBLES)('because %s goes elsewhere and is not lost', async ([, folder, reason], { skip }) => {
    if (folder === undefined) return skip('only root may mount a file system of its own')
    const { exitCode, stdout, stderr, orphans } = await run(['--out', folder, '--quiet'])

    expect(exitCode).toBe(1)
    expect(orphans).toEqual([])
    expect(stdout).toContain('✓ PASS')
    expect(stderr).toMatch(reason)
    expect(stderr).toMatch(/\(REPORT_UNWRITABLE\)\n {2}Check free space and permissions .+--out\./)
    const [, path = ''] = /The report is in (.+)\n/.exec(stderr) ?? []
    expect(validReport(readFileSync(path, 'utf8')).verdict).toBe('pass')
    expect(stdout).toContain(path)
    execFileSync('rm', ['-r', dirname(path)])
  })

  it('nowhere at all is printed', async () => {
    const env = { TMPDIR: scratch.join('taken') }
    const { exitCode, stdout, stderr } = await run(['--out', 'taken', '--quiet'], { env })

    expect(exitCode).toBe(1)
    expect(stderr).toContain('it follows on standard output')
    expect(validReport(stdout.slice(stdout.indexOf('\n{\n'))).verdict).toBe('pass')
  })
})

describe.concurrent('a report', () => {
  it('is the same on standard output and in the file, and keeps to its schema', async () => {
    const { exitCode, stdout, stderr, orphans } = await run(['--json', '--out', 'kept/here'])

    expect({ exitCode, orphans }).toEqual({ exitCode: 0, orphans: [] })
    const report = validReport(stdout)
    expect(readFileSync(scratch.join('kept/here/report.json'), 'utf8')).toBe(stdout)
    expect(report).toMatchObject({ verdict: 'pass', profile: { stages: [{ for: '1s' }] } })
    expect(report.run.name).toBe('short')
    // What a person wants to read goes where it does not disturb a program.
    expect(stderr).toContain('✓ PASS')
    expect(stderr).toContain('kept/here/report.json')
  })

  it('alone is printed with --json --quiet', async () => {
    const { stdout, stderr } = await run(['--json', '--quiet'])

    expect(stderr).toBe('')
    expect(validReport(stdout).verdict).toBe('pass')
  })

  it('is not written where nobody asked for it', async () => {
    const { stdout } = await run(['--quiet'])

    expect(stdout).toContain('Report      not kept; --out DIR writes it')
    expect(existsSync(scratch.join('report.json'))).toBe(false)
  })
})

describe.concurrent('an output that nobody reads', () => {
  it('as standard output does not hold the run up', async () => {
    const { exitCode, orphans, tookMs } = await run(['--json', '--out', 'unread'], { closeStdout: true })

    expect({ exitCode, orphans }).toEqual({ exitCode: 0, orphans: [] })
    expect(tookMs).toBeLessThan(20_000)
    expect(validReport(readFileSync(scratch.join('unread/report.json'), 'utf8')).verdict).toBe('pass')
  })

  it.skipIf(!existsSync('/dev/full'))('as standard error on a full disk does not either', async () => {
    const stderrTo = openSync('/dev/full', 'w')
    const { exitCode, orphans, stdout } = await run([], { stderrTo })
    closeSync(stderrTo)

    expect({ exitCode, orphans }).toEqual({ exitCode: 0, orphans: [] })
    expect(stdout).toContain('✓ PASS')
  })

  it('as `| head -1` ends with the run', async () => {
    const { exitCode, orphans } = await run([], { closeStdout: true })

    expect({ exitCode, orphans }).toEqual({ exitCode: 0, orphans: [] })
  })
})
