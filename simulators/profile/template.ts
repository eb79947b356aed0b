import { nearest } from './nearest.ts'

/** Variables whose value is the same in every message of a device. */
export const DEVICE_VARIABLES = ['device', 'index', 'fleet', 'run', 'clientId', 'username'] as const
export type DeviceVariable = (typeof DEVICE_VARIABLES)[number]

/** Variables that change from message to message. */
export const MESSAGE_VARIABLES = ['seq', 'now', 'iso', 'uniform', 'normal', 'walk', 'pick', 'bytes'] as const
export type MessageVariable = (typeof MESSAGE_VARIABLES)[number]

export type VariableName = DeviceVariable | MessageVariable

export interface LiteralPart {
  kind: 'literal'
  text: string
}

/** `args` are checked: where a number is wanted, `Number(arg)` is finite and in range. */
export interface VariablePart {
  kind: 'variable'
  name: VariableName
  args: readonly string[]
}

export type Part = LiteralPart | VariablePart

export type ParsedTemplate = { ok: true; parts: Part[] } | { ok: false; message: string }

/** What a template knows of the device it is rendered for. */
export interface DeviceFacts {
  fleet: string
  index: number
  /** `${fleet}-${index}`, see `deviceName`. */
  device: string
  /** The run as `runName` writes it. */
  run: string
  clientId?: string
  username?: string
}

/** Most random characters that one {{bytes n}} may ask for. */
export const MAX_BYTES = 65_536

/** `check` returns what is wrong with the arguments, or undefined. */
interface VariableRule {
  usage: string
  check: (args: readonly string[]) => string | undefined
}

const none = (args: readonly string[]) => (args.length === 0 ? undefined : 'takes no arguments')

const RULES: ReadonlyMap<string, VariableRule> = new Map<VariableName, VariableRule>([
  ...[...DEVICE_VARIABLES, 'seq' as const, 'now' as const, 'iso' as const].map(
    (name): [VariableName, VariableRule] => [name, { usage: `{{${name}}}`, check: none }],
  ),
  ['uniform', { usage: '{{uniform 18 24}} or {{uniform 18 24 DECIMALS}}', check: checkUniform }],
  ['normal', { usage: '{{normal 20 2}} or {{normal 20 2 DECIMALS}}', check: checkSpread }],
  ['walk', { usage: '{{walk 21 0.2}} or {{walk 21 0.2 DECIMALS}}', check: checkSpread }],
  ['pick', { usage: '{{pick on off "stand by"}}', check: checkPick }],
  ['bytes', { usage: '{{bytes 64}}', check: checkBytes }],
])

const SHORT: ReadonlyMap<string, DeviceVariable> = new Map([
  ['i', 'index'],
  ['c', 'clientId'],
  ['u', 'username'],
])

/** Tells a per-device variable from one that changes with each message. */
export function isMessageVariable(name: VariableName): name is MessageVariable {
  return MESSAGE_VARIABLES.some((known) => known === name)
}

/** Name of a device in reports and for {{device}}. */
export function deviceName(fleet: string, index: number): string {
  return `${fleet}-${index}`
}

/** The run as {{run}} writes it: eight hexadecimal digits. */
export function runName(run: number): string {
  return (run >>> 0).toString(16).padStart(8, '0')
}

/**
 * Splits a template into literals and variables; `%%` writes a percent sign and `{{{{` two braces.
 * Of three braces the first is a literal, so that {"at":{{{now}}} can be written as it looks.
 */
export function parseTemplate(text: string): ParsedTemplate {
  const parts: Part[] = []
  let literal = ''
  const add = (part: VariablePart) => {
    if (literal !== '') parts.push({ kind: 'literal', text: literal })
    literal = ''
    parts.push(part)
  }

  for (let at = 0; at < text.length; ) {
    const short = text[at] === '%' ? SHORT.get(text[at + 1] ?? '') : undefined
    if (short) {
      add({ kind: 'variable', name: short, args: [] })
      at += 2
    } else if (text.startsWith('%%', at)) {
      literal += '%'
      at += 2
    } else if (text.startsWith('{{{{', at)) {
      literal += '{{'
      at += 4
    } else if (text.startsWith('{{', at) && text[at + 2] !== '{') {
      const end = closing(text, at + 2)
      if (end < 0) return { ok: false, message: `"${text.slice(at, at + 30)}" is never closed with "}}"` }
      const variable = parseVariable(text.slice(at + 2, end))
      if (typeof variable === 'string') return { ok: false, message: variable }
      add(variable)
      at = end + 2
    } else {
      literal += text[at]
      at += 1
    }
  }
  if (literal !== '') parts.push({ kind: 'literal', text: literal })
  return { ok: true, parts }
}

/** Writes parts as the template that reads back as them. */
export function formatTemplate(parts: readonly Part[]): string {
  let text = ''
  let literal = ''
  const flush = () => {
    text += literal.replaceAll('%', '%%').replaceAll('{{', '{{{{')
    literal = ''
  }
  for (const part of parts) {
    if (part.kind === 'literal') literal += part.text
    else {
      flush()
      text += `{{${[part.name, ...part.args.map(quoteArgument)].join(' ')}}}`
    }
  }
  flush()
  return text
}

function quoteArgument(argument: string): string {
  if (/^[^\s"'{}]+$/.test(argument)) return argument
  return argument.includes('"') ? `'${argument}'` : `"${argument}"`
}

/** Renders a template that holds no per-message variable, for one device. */
export function renderForDevice(parts: readonly Part[], facts: DeviceFacts): string {
  let text = ''
  for (const part of parts) text += part.kind === 'literal' ? part.text : deviceValue(part.name, facts)
  return text
}

function deviceValue(name: VariableName, facts: DeviceFacts): string {
  switch (name) {
    case 'device':
      return facts.device
    case 'index':
      return String(facts.index)
    case 'fleet':
      return facts.fleet
    case 'run':
      return facts.run
    case 'clientId':
      return facts.clientId ?? ''
    case 'username':
      return facts.username ?? ''
    default:
      throw new Error(`{{${name}}} has no value outside a message`)
  }
}

/** Index of the `}}` that ends a variable, quotes respected; -1 when there is none. */
function closing(text: string, from: number): number {
  let quote = ''
  for (let at = from; at < text.length; at++) {
    const char = text[at] ?? ''
    if (quote !== '') quote = char === quote ? '' : quote
    else if (char === '"' || char === "'") quote = char
    else if (char === '}' && text[at + 1] === '}') return at
  }
  return -1
}

function parseVariable(inside: string): VariablePart | string {
  const words = inside.match(/"[^"]*"|'[^']*'|[^\s"']+/g) ?? []
  const name = words[0]
  if (name === undefined) return '"{{}}" names no variable'
  const rule = RULES.get(name)
  if (!rule) {
    const known = nearest(name, [...RULES.keys()])
    return `there is no variable {{${name}}}${known ? `; did you mean {{${known}}}?` : `; known are ${[...RULES.keys()].join(', ')}`}`
  }
  const args = words.slice(1).map((word) => (/^["']/.test(word) ? word.slice(1, -1) : word))
  const wrong = rule.check(args)
  if (wrong) return `{{${inside.trim()}}} ${wrong}; write ${rule.usage}`
  // Every key of RULES is a VariableName, so a name found there is one too.
  return { kind: 'variable', name: name as VariableName, args }
}

const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d{1,3})?$/i

function checkNumbers(args: readonly string[]): string | undefined {
  if (args.length < 2 || args.length > 3) return `has ${args.length} arguments`
  const wrong = args.find((arg) => !NUMBER.test(arg) || !Number.isFinite(Number(arg)))
  if (wrong !== undefined) return `holds "${wrong}", which is no number`
  const decimals = args[2]
  if (decimals !== undefined && !/^(\d|1[0-5])$/.test(decimals)) return 'may have 0 to 15 decimals'
  return undefined
}

function checkUniform(args: readonly string[]): string | undefined {
  return checkNumbers(args) ?? (Number(args[0]) <= Number(args[1]) ? undefined : 'begins above its end')
}

function checkSpread(args: readonly string[]): string | undefined {
  return checkNumbers(args) ?? (Number(args[1]) >= 0 ? undefined : 'has a spread below zero')
}

function checkPick(args: readonly string[]): string | undefined {
  return args.length > 0 ? undefined : 'has nothing to pick from'
}

function checkBytes(args: readonly string[]): string | undefined {
  const count = args.length === 1 && /^\d{1,5}$/.test(args[0] ?? '') ? Number(args[0]) : 0
  return count >= 1 && count <= MAX_BYTES ? undefined : `needs one whole number from 1 to ${MAX_BYTES}`
}
