import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MAX_PROFILE_BYTES, parseProfile } from '../../simulators/index.ts'
import { readProfileFile, readSecretFile } from './files.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'flotilla-files-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

describe('reading a profile', () => {
  it('gives its text and the folder that its paths start from', async () => {
    await writeFile(join(folder, 'p.json'), '{ "name": "Zähler" }')

    expect(await readProfileFile('p.json', folder)).toEqual({
      text: '{ "name": "Zähler" }',
      path: join(folder, 'p.json'),
      baseDir: folder,
      fileName: 'p.json',
    })
  })

  it('reads no more of a huge file than shows that it is too large', async () => {
    await writeFile(join(folder, 'huge.json'), 'ä'.repeat(MAX_PROFILE_BYTES * 2))

    const { text } = await readProfileFile('huge.json', folder)

    expect(text.length).toBeLessThanOrEqual(MAX_PROFILE_BYTES + 1)
    expect(parseProfile(text)).toMatchObject({ ok: false, problems: [{ code: 'too-large' }] })
  })

  it('says that a file is not UTF-8', async () => {
    await writeFile(join(folder, 'utf16.json'), Buffer.from('\uFEFF{}', 'utf16le'))

    await expect(readProfileFile('utf16.json', folder)).rejects.toMatchObject({
      code: 'PROFILE_UNREADABLE',
      message: 'Cannot read utf16.json: it is not UTF-8 text',
    })
  })

  it('says that a file is not there, with the path as it was given', async () => {
    await expect(readProfileFile('gone.json', folder)).rejects.toMatchObject({
      code: 'PROFILE_UNREADABLE',
      message: 'Cannot read gone.json: there is no such file',
    })
  })
})

describe('reading a secret file', () => {
  it('takes values as they stand', async () => {
    await writeFile(join(folder, 's'), '\uFEFF# comment\r\nA=1=2\r\n\r\n  B="quoted" \nC=\n')

    expect([...(await readSecretFile('s', folder))]).toEqual([
      ['A', '1=2'],
      ['B', '"quoted" '],
      ['C', ''],
    ])
  })

  it.each([
    ['A=1\nhunter2\n', 's:2: not a NAME=value line'],
    ['A=1\nA=hunter2\n', 's:2: A is there twice'],
  ])('refuses what it cannot read without showing it', async (text, message) => {
    await writeFile(join(folder, 's'), text)

    await expect(readSecretFile('s', folder)).rejects.toMatchObject({ code: 'BAD_USAGE', message })
  })
})
