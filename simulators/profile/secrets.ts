import { AppError } from '../errors.ts'
import { formatPath, isRecord, type Path } from './problem.ts'
import type { Fleet, Profile } from './profile.ts'
import type { EndpointSettings, TlsSettings } from './schema/broker.ts'
import type { AuthSettings } from './schema/fleet.ts'
import { formatTemplate, parseTemplate } from './template.ts'

export type SecretKind = 'secret' | 'env'

/** One reference in a profile and the places that use it. */
export interface SecretUse {
  kind: SecretKind
  name: string
  paths: string[]
}

export type SecretLookup = (kind: SecretKind, name: string) => string | undefined

const REFERENCE = /\$\{(secret|env):([A-Za-z_][A-Za-z0-9_]{0,127})\}/g
const REMOVED = '(removed)'

/** Keys that take references. Payloads do not, or a profile from elsewhere could send any environment variable away. */
const REFERENCE_KEYS = new Set(['username', 'password', 'passphrase', 'url'])
const SECRET_KEYS = new Set(['password', 'passphrase'])

/** Every secret that a profile refers to, in the order of its first use. */
export function findSecrets(source: unknown): SecretUse[] {
  const uses = new Map<string, SecretUse>()
  visit(source, [], (text, path) => {
    if (!REFERENCE_KEYS.has(String(path.at(-1)))) return
    for (const [reference, kind, name = ''] of text.matchAll(REFERENCE)) {
      const use = uses.get(reference) ?? { kind: kind === 'env' ? 'env' : 'secret', name, paths: [] }
      use.paths.push(formatPath(path))
      uses.set(reference, use)
    }
  })
  return [...uses.values()]
}

/** The profile with the values of its secrets. Keep it in memory; withoutSecrets() is for what is written or shown. */
export function resolveSecrets(profile: Profile, lookup: SecretLookup): Profile {
  const uses = findSecrets(profile)
  const values = new Map(uses.map((use) => [`\${${use.kind}:${use.name}}`, lookup(use.kind, use.name)]))
  const missing = uses.filter((use) => values.get(`\${${use.kind}:${use.name}}`) === undefined)
  if (missing.length > 0) throw missingSecrets(missing)
  const fill = (text: string) => text.replaceAll(REFERENCE, (reference) => values.get(reference) ?? '')
  const { probe } = profile.observe
  return {
    ...profile,
    broker: resolveEndpoint(profile.broker, fill),
    fleets: profile.fleets.map((fleet) => resolveFleet(fleet, fill)),
    observe: {
      ...profile.observe,
      probe:
        probe === false
          ? false
          : { ...probe, ...resolveAuth(probe.auth, fill), ...resolveTls(probe.tls, fill) },
    },
  }
}

/**
 * A profile, or its JSON, that can be written and shown: references stay, and any other text in the place of a
 * secret goes. Give it the source, never a profile whose secrets have been resolved: a user name does not tell
 * where it came from.
 */
export function withoutSecrets(source: unknown): unknown {
  return clean(source, '')
}

function clean(value: unknown, key: string): unknown {
  if (typeof value === 'string') {
    if (SECRET_KEYS.has(key)) return isOpen(value) ? REMOVED : value
    return value.replaceAll(/([a-z][a-z0-9+.-]*:\/\/)[^/?#\s]*@/gi, '$1')
  }
  if (Array.isArray(value)) return value.map((item) => clean(item, key))
  if (!isRecord(value)) return SECRET_KEYS.has(key) && value !== null ? REMOVED : value
  if (SECRET_KEYS.has(key)) return REMOVED
  // What a message carries is data of the test, with keys of its author's choice.
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, name === 'payload' ? item : clean(item, name)]),
  )
}

/** Whether anything but references and variables stands in it. */
function isOpen(text: string): boolean {
  const parsed = parseTemplate(text)
  if (!parsed.ok) return true
  return parsed.parts.some((part) => part.kind === 'literal' && part.text.replaceAll(REFERENCE, '') !== '')
}

type Fill = (text: string) => string

function resolveFleet(fleet: Fleet, fill: Fill): Fleet {
  return {
    ...fleet,
    ...resolveAuth(fleet.auth, fill),
    ...(fleet.broker ? { broker: resolveEndpoint(fleet.broker, fill) } : {}),
  }
}

function resolveEndpoint(endpoint: EndpointSettings, fill: Fill): EndpointSettings {
  return {
    ...endpoint,
    ...(endpoint.url === undefined ? {} : { url: fill(endpoint.url) }),
    ...resolveTls(endpoint.tls, fill),
  }
}

function resolveAuth(auth: AuthSettings | undefined, fill: Fill): { auth?: AuthSettings } {
  if (!auth) return {}
  const { username, password } = auth
  return {
    auth: {
      ...(username === undefined ? {} : { username: fillTemplate(username, fill) }),
      ...(password === undefined ? {} : { password: fillTemplate(password, fill) }),
    },
  }
}

function resolveTls(tls: TlsSettings | undefined, fill: Fill): { tls?: TlsSettings } {
  if (!tls) return {}
  const { passphrase, issue } = tls
  const issued = issue && {
    ...issue,
    ...(issue.passphrase === undefined ? {} : { passphrase: fill(issue.passphrase) }),
  }
  return {
    tls: {
      ...tls,
      ...(passphrase === undefined ? {} : { passphrase: fill(passphrase) }),
      ...(issued ? { issue: issued } : {}),
    },
  }
}

/** A value is text, whatever it holds: its percent signs and braces must not become variables. */
function fillTemplate(template: string, fill: Fill): string {
  const parsed = parseTemplate(template)
  if (!parsed.ok) return template
  return formatTemplate(
    parsed.parts.map((part) => (part.kind === 'literal' ? { ...part, text: fill(part.text) } : part)),
  )
}

function missingSecrets(missing: readonly SecretUse[]): AppError {
  const list = missing.map(({ kind, name, paths }) => `${kind} ${name} (used by ${paths.join(', ')})`)
  const [first] = missing
  const hint =
    first?.kind === 'env'
      ? `Set the environment variable, as in ${first.name}=...`
      : `Pass --secret-file FILE with a line ${first?.name}=VALUE, or set the environment variable.`
  return new AppError({ code: 'SECRET_MISSING', message: `no value for ${list.join('; ')}`, hint })
}

function visit(value: unknown, path: Path, see: (text: string, path: Path) => void): void {
  if (typeof value === 'string') see(value, path)
  else if (Array.isArray(value))
    for (const [index, item] of value.entries()) visit(item, [...path, index], see)
  else if (isRecord(value)) {
    for (const [key, item] of Object.entries(value)) if (key !== 'payload') visit(item, [...path, key], see)
  }
}
