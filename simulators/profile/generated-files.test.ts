import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { profileSchemaText } from './json-schema.ts'
import { profileReference } from './reference.ts'

const root = new URL('../../', import.meta.url)
const files: [string, () => string][] = [
  ['assets/schema/profile.schema.json', profileSchemaText],
  ['docs/profile.md', profileReference],
]

describe('a generated file', () => {
  it.each(files)('%s is what the schema says today (FLOTILLA_WRITE=1 writes it)', (path, render) => {
    const file = new URL(path, root)
    if (process.env.FLOTILLA_WRITE === '1') writeFileSync(file, render())

    expect(readFileSync(file, 'utf8')).toBe(render())
  })
})
