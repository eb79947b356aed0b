import type { Part } from '../template.ts'
import { type Objection, partsOf } from './rules.ts'

/** Longest UTF-8 string that MQTT can carry (MQTT 5, 1.5.4). */
const MAX_STRING_BYTES = 65_535

/** A topic name as a template: no wildcards, no NUL, not empty, not too long (MQTT 5, 4.7). */
export function isTopicName(text: string): Objection | undefined {
  const parts = partsOf(text)
  const literal = literals(parts)
  const wildcard = /[+#]/.exec(literal)?.[0]
  if (wildcard)
    return {
      message: `a topic to publish to may not hold the wildcard "${wildcard}"`,
      hint: 'Wildcards belong in "subscribe"; use {{device}} or {{pick a b c}} to vary a topic.',
    }
  return isMqttString(text)
}

/** A subscription filter as a template: wildcards alone in their level, # last (MQTT 5, 4.7.1, 4.8.2). */
export function isTopicFilter(text: string): Objection | undefined {
  const filter = partsOf(text)
    .map((part) => (part.kind === 'literal' ? part.text : 'x'))
    .join('')
  const levels = filter.split('/')
  if (
    levels[0] === '$share' &&
    (levels.length < 3 || !levels[1] || /[+#]/.test(levels[1]) || levels[2] === '')
  )
    return {
      message: 'a shared subscription lacks its name or its filter',
      hint: 'Write $share/NAME/FILTER.',
    }
  const hash = levels.findIndex((level) => level.includes('#'))
  if (hash >= 0 && (levels[hash] !== '#' || hash < levels.length - 1))
    return { message: 'the wildcard "#" must be the whole last level', hint: 'Write it as in "site/#".' }
  if (levels.some((level) => level.includes('+') && level !== '+'))
    return { message: 'the wildcard "+" must fill its level', hint: 'Write it as in "site/+/telemetry".' }
  return isMqttString(text)
}

/** No NUL, no half of a surrogate pair, not longer than MQTT can carry. */
export function isMqttString(text: string): Objection | undefined {
  const parts = partsOf(text)
  const literal = literals(parts)
  if (literal.includes('\0'))
    return { message: 'holds the character U+0000, which MQTT forbids', hint: 'Remove the \\u0000.' }
  if (/\p{Surrogate}/u.test(literal))
    return {
      message: 'holds half of a surrogate pair, which UTF-8 cannot carry',
      hint: 'Write the character itself.',
    }
  const bytes = Buffer.byteLength(literal) + randomBytes(parts)
  return bytes > MAX_STRING_BYTES
    ? {
        message: `is ${bytes} bytes long; MQTT carries at most ${MAX_STRING_BYTES}`,
        hint: 'Make it shorter.',
      }
    : undefined
}

function literals(parts: readonly Part[]): string {
  return parts.map((part) => (part.kind === 'literal' ? part.text : wordsOf(part.name, part.args))).join('')
}

/** {{pick}} is the one variable that brings text of the author's own. */
function wordsOf(name: string, args: readonly string[]): string {
  return name === 'pick' ? args.join('') : ''
}

function randomBytes(parts: readonly Part[]): number {
  let bytes = 0
  for (const part of parts)
    if (part.kind === 'variable' && part.name === 'bytes') bytes += Number(part.args[0])
  return bytes
}
