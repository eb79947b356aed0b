import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runOutcome } from '../../tests/support/run-outcome.ts'
import { AppError } from '../errors.ts'
import { buildReport } from './build.ts'
import { writeReport } from './write.ts'

const report = buildReport(runOutcome())

describe('writing a report', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'flotilla-report-'))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  it('creates the folder and leaves one file in it', async () => {
    const path = await writeReport(join(folder, 'deep', 'down'), report)

    expect(path).toBe(join(folder, 'deep', 'down', 'report.json'))
    expect(await readdir(join(folder, 'deep', 'down'))).toEqual(['report.json'])
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(report)
  })

  it('replaces an earlier report', async () => {
    await writeFile(join(folder, 'report.json'), 'x'.repeat(1_000_000))

    const path = await writeReport(folder, report)

    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(report)
  })

  it('says why when the folder is a file', async () => {
    const file = join(folder, 'out')
    await writeFile(file, 'in the way')

    const failure = writeReport(file, report)

    await expect(failure).rejects.toBeInstanceOf(AppError)
    await expect(failure).rejects.toMatchObject({
      code: 'REPORT_UNWRITABLE',
      message: `Cannot write ${join(file, 'report.json')}: a file of that name is in the way (EEXIST)`,
    })
    expect(await readFile(file, 'utf8')).toBe('in the way')
  })

  it.runIf(process.platform === 'linux')('gives up where no folder can be made', async () => {
    await expect(writeReport('/proc/flotilla/deep', report)).rejects.toMatchObject({
      code: 'REPORT_UNWRITABLE',
      message: 'Cannot write /proc/flotilla/deep/report.json: no folder can be made there (ENOENT)',
    })
  })

  it.runIf(existsSync('/dev/full'))('names a full disk', async () => {
    await symlink('/dev/full', join(folder, `report.json.${process.pid}.tmp`))

    await expect(writeReport(folder, report)).rejects.toMatchObject({
      code: 'REPORT_UNWRITABLE',
      message: `Cannot write ${join(folder, 'report.json')}: the disk is full (ENOSPC)`,
    })
    expect(await readdir(folder)).toEqual([])
  })

  it('leaves no half report behind when the last step fails', async () => {
    await writeReport(join(folder, 'report.json'), report)

    await expect(writeReport(folder, report)).rejects.toMatchObject({ code: 'REPORT_UNWRITABLE' })

    expect(await readdir(folder)).toEqual(['report.json'])
  })
})
