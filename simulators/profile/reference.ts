import { type JsonSchema, profileJsonSchema, schemasAt } from './json-schema.ts'
import { REFERENCE_INTRODUCTION, REFERENCE_VALUES } from './reference-text.ts'

/** One table of the reference: the keys of the object at a path. */
interface Section {
  title: string
  path: readonly (string | number)[]
}

/** In the order a person meets them; a test makes sure that no object is left out. */
export const SECTIONS: readonly Section[] = [
  { title: 'The profile', path: [] },
  { title: 'broker', path: ['broker'] },
  { title: 'tls', path: ['broker', 'tls'] },
  { title: 'tls.issue', path: ['broker', 'tls', 'issue'] },
  { title: 'fleets', path: ['fleets', 0] },
  { title: 'auth', path: ['fleets', 0, 'auth'] },
  { title: 'session', path: ['fleets', 0, 'session'] },
  { title: 'will', path: ['fleets', 0, 'will'] },
  { title: 'connect', path: ['fleets', 0, 'connect'] },
  { title: 'reconnect', path: ['fleets', 0, 'reconnect'] },
  { title: 'offline', path: ['fleets', 0, 'offline'] },
  { title: 'publish', path: ['fleets', 0, 'publish', 0] },
  { title: 'publish.arrival', path: ['fleets', 0, 'publish', 0, 'arrival'] },
  { title: 'publish.payload', path: ['fleets', 0, 'publish', 0, 'payload'] },
  { title: 'publish.payload.binary', path: ['fleets', 0, 'publish', 0, 'payload', 'binary'] },
  { title: 'publish.payload.replay', path: ['fleets', 0, 'publish', 0, 'payload', 'replay'] },
  { title: 'subscribe', path: ['fleets', 0, 'subscribe', 0] },
  { title: 'stages', path: ['stages', 0] },
  { title: 'observe', path: ['observe'] },
  { title: 'observe.probe', path: ['observe', 'probe'] },
  { title: 'drain', path: ['drain'] },
  { title: 'thresholds', path: ['thresholds', 0] },
]

/** The text of docs/profile.md, made from the schema. */
export function profileReference(schema: JsonSchema = profileJsonSchema()): string {
  const sections = SECTIONS.map((section) => renderSection(section, schema))
  return `${[REFERENCE_INTRODUCTION, ...sections, REFERENCE_VALUES].join('\n\n')}\n`
}

function renderSection({ title, path }: Section, schema: JsonSchema): string {
  const here = schemasAt(schema, path)
  const lines = [`## ${title}`, '']
  const description = path.length > 0 ? here.find((option) => option.description)?.description : undefined
  if (description) lines.push(description, '')
  const options = here.filter((option) => option.properties)
  for (const option of options) {
    if (options.length > 1 && option.description)
      lines.push(`${optionTitle(option)}: ${option.description}`, '')
    lines.push('| key | type | default | meaning | example |', '|---|---|---|---|---|', ...rows(option), '')
  }
  return lines.join('\n').trimEnd()
}

/** Options of a union are told apart by their constant. */
function optionTitle(option: JsonSchema): string {
  const constant = Object.entries(option.properties ?? {}).find(([, { const: value }]) => value !== undefined)
  return constant ? `With \`${constant[0]}: ${JSON.stringify(constant[1].const)}\`` : 'Or'
}

function rows(option: JsonSchema): string[] {
  return Object.entries(option.properties ?? {}).map(([key, property]) => {
    const required = option.required?.includes(key) ? '**needed**' : defaultOf(property)
    const example = property.examples?.[0] ?? property.const
    const cells = [`\`${key}\``, typeOf(property), required, property.description ?? '', code(example)]
    return `| ${cells.map(escapeCell).join(' | ')} |`
  })
}

/** An empty object says only that its keys have defaults of their own. */
function defaultOf({ default: value }: JsonSchema): string {
  return JSON.stringify(value) === '{}' ? '' : code(value)
}

/** A type in words: what a person may write. */
export function typeOf(schema: JsonSchema): string {
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``
  if (schema.enum) return schema.enum.map((value) => `\`${JSON.stringify(value)}\``).join(' or ')
  const options = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])]
  if (options.some((option) => option.type === 'null')) return 'any JSON'
  if (options.length > 0) return [...new Set(options.map(typeOf))].join(' or ')
  if (schema.$ref !== undefined || schema.allOf) return 'any JSON'
  if (schema.type === 'array')
    return `list of ${schema.items ? typeOf(schema.items).replaceAll(/\b(string|object)\b/g, '$1s') : 'values'}`
  if (schema.type === 'object') return 'object'
  if (schema.type === 'string') return stringType(schema.pattern ?? '')
  if (schema.type === 'integer' || schema.type === 'number') return numberType(schema)
  return schema.type ?? 'any JSON'
}

function stringType(pattern: string): string {
  if (pattern.includes('(ms|s|m|h)')) return 'duration'
  if (pattern.includes('/(s|m|h)') || pattern.includes('\\/(s|m|h)')) return 'rate'
  if (pattern.endsWith('%$')) return 'share'
  return 'string'
}

function numberType({ type, minimum, maximum }: JsonSchema): string {
  const word = type === 'integer' ? 'whole number' : 'number'
  if (minimum === undefined) return word
  // The schema bounds every integer by what JSON can carry exactly; that is no limit of a key.
  return maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER
    ? `${word}, at least ${minimum}`
    : `${word}, ${minimum} to ${maximum}`
}

function code(value: unknown): string {
  if (value === undefined) return ''
  const text = JSON.stringify(value)
  return text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}
