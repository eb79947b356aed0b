const SECRET_KEYS = new Set(['password', 'passphrase'])
const REFERENCE = /\$\{(?:secret|env):[^}]+\}/
const USER_INFO = /^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i
const REMOVED = '(removed)'

/** A URL without the user name and password that may stand in it. */
export function redactUrl(url: string): string {
  return url.replace(USER_INFO, '$1')
}

function redactValue(value: unknown, key: string): unknown {
  if (typeof value === 'string') {
    if (SECRET_KEYS.has(key)) return REFERENCE.test(value) ? value : REMOVED
    return redactUrl(value)
  }
  if (Array.isArray(value)) return value.map((item) => redactValue(item, key))
  if (typeof value === 'object' && value !== null) return redactEntries(value)
  return value
}

function redactEntries(value: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, redactValue(item, key)]))
}

/**
 * A profile that can be shown: references to secrets stay, anything else in their place goes.
 * Profiles with inline passwords do not run, so this is the second lock on the same door.
 */
export function redactProfile(source: unknown): Record<string, unknown> {
  return typeof source === 'object' && source !== null && !Array.isArray(source) ? redactEntries(source) : {}
}
