import { describe, expect, it } from 'vitest'
import { cachedLookup, type Resolve } from './lookup-cache.ts'

function ask(lookup: ReturnType<typeof cachedLookup>, host: string, all = false): Promise<unknown> {
  return new Promise((resolve) => {
    lookup(host, { all, family: 0 }, (error, address) => resolve(error ? error.message : address))
  })
}

describe('lookup of broker names', () => {
  it('asks the resolver once for many devices, and again when half a minute has passed', async () => {
    let asked = 0
    let nowMs = 0
    const resolve: Resolve = (_host, _options, done) => {
      asked += 1
      setImmediate(() => done(null, [{ address: `10.0.0.${asked}`, family: 4 }]))
    }
    const lookup = cachedLookup(resolve, () => nowMs)

    const first = await Promise.all([
      ask(lookup, 'broker'),
      ask(lookup, 'broker'),
      ask(lookup, 'broker', true),
    ])
    nowMs = 29_000
    const later = await ask(lookup, 'broker')
    nowMs = 31_000
    const latest = await ask(lookup, 'broker')

    expect(first).toEqual(['10.0.0.1', '10.0.0.1', [{ address: '10.0.0.1', family: 4 }]])
    expect([later, latest]).toEqual(['10.0.0.1', '10.0.0.2'])
  })

  it('does not remember failures', async () => {
    const answers = [new Error('ENOTFOUND'), null]
    const lookup = cachedLookup((_host, _options, done) => {
      const error = answers.shift() ?? null
      setImmediate(() => done(error, error ? [] : [{ address: '::1', family: 6 }]))
    })

    expect([await ask(lookup, 'b'), await ask(lookup, 'b')]).toEqual(['ENOTFOUND', '::1'])
  })
})
