import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { AppError, ERROR_HINTS, toAppError } from './errors.ts'

const troubleshooting = readFileSync(new URL('../docs/troubleshooting.md', import.meta.url), 'utf8')

describe('an error', () => {
  it.each(Object.keys(ERROR_HINTS))('%s is explained in docs/troubleshooting.md', (code) => {
    expect(troubleshooting).toContain(`| \`${code}\` |`)
  })

  it('has the hint of its code unless it knows better', () => {
    const usual = new AppError({ code: 'NOT_MQTT', message: 'answered HTTP 400' })
    const better = new AppError({ code: 'NOT_MQTT', message: 'answered HTTP 400', hint: 'Use port 1883.' })

    expect([usual.hint, better.hint]).toEqual([ERROR_HINTS.NOT_MQTT, 'Use port 1883.'])
  })

  it('keeps what it was before it had a name', () => {
    const cause = new TypeError('x is not a function')

    expect(toAppError(cause)).toMatchObject({ code: 'INTERNAL', message: 'x is not a function', cause })
    expect(toAppError('odd')).toMatchObject({ code: 'INTERNAL', message: 'odd' })
  })
})
