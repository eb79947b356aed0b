import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { fileTrouble } from './file-trouble.ts'

it('says in words why a file cannot be read', () => {
  const trouble = (path: string) => {
    try {
      readFileSync(path)
    } catch (error) {
      return fileTrouble(error)
    }
    return 'none'
  }

  expect(trouble('/nowhere/a.pem')).toBe('there is no such file')
  expect(trouble('/')).toBe('it is a folder')
  expect(trouble('/dev/null/a.pem')).toBe('a part of the path is a file, not a folder')
  expect(fileTrouble(new Error('odd'))).toBe('odd')
})
