import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AppError } from '../errors.ts'
import { parseProfile } from './parse.ts'
import type { Profile } from './profile.ts'
import { findSecrets, resolveSecrets, withoutSecrets } from './secrets.ts'
import { parseTemplate, renderForDevice } from './template.ts'

const METERS = `\${secret:METERS}`
const source = {
  version: 1,
  broker: {
    url: `mqtts://\${env:HOST}:8883`,
    tls: { cert: 'c', key: 'k', passphrase: `\${secret:KEY}` },
  },
  fleets: [
    {
      count: 1,
      auth: { username: 'u-{{index}}', password: METERS },
      publish: [{ topic: 't', every: '1s', payload: { text: METERS } }],
    },
  ],
  observe: { probe: { auth: { username: 'probe', password: METERS } } },
}

function parse(profile: object): Profile {
  const parsed = parseProfile(JSON.stringify(profile))
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
  return parsed.profile
}

function refused(extra: object): string[] {
  const fleet = { count: 2, publish: [{ topic: 't', every: '1s' }], ...extra }
  const parsed = parseProfile(JSON.stringify({ version: 1, fleets: [fleet] }))
  return parsed.ok ? [] : parsed.problems.map(({ path }) => path)
}

describe('a secret', () => {
  it('may not stand in the profile, and the hint says what to write', () => {
    const fleet = { count: 1, auth: { password: 'hunter2' } }
    const parsed = parseProfile(JSON.stringify({ version: 1, fleets: [fleet] }))

    expect(parsed).toMatchObject({
      ok: false,
      problems: [{ path: 'fleets[0].auth.password', hint: expect.stringContaining(`"\${secret:METERS}"`) }],
    })
    expect(JSON.stringify(parsed)).not.toContain('hunter2')
  })

  it.each<[object, string[]]>([
    [{ auth: { password: METERS } }, []],
    [{ auth: { password: `{{device}}-${METERS}` } }, []],
    [{ auth: { password: 'pw-{{index}}' } }, []],
    [{ auth: { password: '' } }, []],
    [{ auth: { password: `\${sceret:METERS}x{{index}}` } }, ['fleets[0].auth.password']],
    [{ broker: { url: 'mqtt://me:pw@host' } }, ['fleets[0].broker.url']],
    [{ broker: { url: 'mqtt://me@host' } }, ['fleets[0].broker.url']],
    [
      { broker: { url: 'mqtts://h', tls: { cert: 'c', key: 'k', passphrase: 'x{{index}}' } } },
      ['fleets[0].broker.tls.passphrase'],
    ],
  ])('in %j is judged', (extra, paths) => {
    expect(refused(extra)).toEqual(paths)
  })

  it('is not repeated by the message about a URL that cannot be read', () => {
    const parsed = parseProfile(
      JSON.stringify({ version: 1, broker: { url: 'http://me:hunter2@host' }, fleets: [{ count: 1 }] }),
    )

    expect(parsed.ok).toBe(false)
    expect(JSON.stringify(parsed)).not.toContain('hunter2')
  })

  it('is found with every place that uses it', () => {
    expect(findSecrets(source)).toEqual([
      { kind: 'env', name: 'HOST', paths: ['broker.url'] },
      { kind: 'secret', name: 'KEY', paths: ['broker.tls.passphrase'] },
      {
        kind: 'secret',
        name: 'METERS',
        paths: ['fleets[0].auth.password', 'observe.probe.auth.password'],
      },
    ])
  })

  it('that has no value is named, with all others that have none', () => {
    const profile = parse(source)
    let thrown: unknown
    try {
      resolveSecrets(profile, (kind) => (kind === 'env' ? 'host' : undefined))
    } catch (error) {
      thrown = error
    }

    expect(thrown).toBeInstanceOf(AppError)
    expect(thrown).toMatchObject({
      code: 'SECRET_MISSING',
      message:
        'no value for secret KEY (used by broker.tls.passphrase); secret METERS (used by fleets[0].auth.password, observe.probe.auth.password)',
    })
  })

  it('comes into its places and into no payload', () => {
    const resolved = resolveSecrets(parse(source), (kind, name) => `${kind}-${name}`)

    expect(resolved).toMatchObject({
      broker: { url: 'mqtts://env-HOST:8883', tls: { passphrase: 'secret-KEY' } },
      fleets: [
        {
          auth: { username: 'u-{{index}}', password: 'secret-METERS' },
          publish: [{ payload: { text: METERS } }],
        },
      ],
      observe: { probe: { auth: { password: 'secret-METERS' } } },
    })
  })

  it('is text whatever it holds, never a template', () => {
    const facts = { fleet: 'f', index: 7, device: 'f-7', run: '0' }
    const profile = parse({
      version: 1,
      fleets: [{ count: 1, auth: { password: `%i{${METERS}{{{index}}` } }],
    })
    const text = fc.string({ unit: fc.constantFrom('{', '}', '%', 'i', 'a', '$', '&') })

    fc.assert(
      fc.property(text, (value) => {
        const { auth } = resolveSecrets(profile, () => value).fleets[0] ?? {}
        const parsed = parseTemplate(auth?.password ?? '')
        expect(parsed.ok && renderForDevice(parsed.parts, facts)).toBe(`7{${value}{7`)
      }),
    )
  })
})

describe('a profile without secrets', () => {
  it('keeps references and templates, and loses all else that is secret', () => {
    const open = {
      auth: { username: 'me', password: 'hunter2' },
      tls: { passphrase: `x\${secret:A}` },
      list: [{ password: ['hunter2'] }, { password: { a: 'hunter2' } }, { password: 7 }],
      url: 'mqtt://me:hunter2@host/x',
    }

    expect(JSON.stringify(withoutSecrets(open))).not.toContain('hunter2')
    expect(withoutSecrets(source)).toEqual(source)
    expect(withoutSecrets({ password: '{{index}}', passphrase: null })).toEqual({
      password: '{{index}}',
      passphrase: null,
    })
  })

  it('never holds what was inline, wherever it stood', () => {
    const secret = 'S3CR3T-VALUE'
    const key = fc.constantFrom('auth', 'tls', 'fleets', 'x')
    fc.assert(
      fc.property(fc.array(key), fc.constantFrom('password', 'passphrase'), (path, name) => {
        const inside = path.reduceRight<unknown>((value, at) => ({ [at]: value }), { [name]: secret })
        expect(JSON.stringify(withoutSecrets(inside))).not.toContain(secret)
      }),
    )
  })
})
