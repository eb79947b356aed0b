import type { Verdict } from '../delivery/types.ts'
import { formatCount } from '../metrics/format.ts'

/** What a piece of text is, so that a terminal may colour it. */
export type Role = Verdict | 'strong' | 'muted'

/** Colours a text by its role, or not. */
export type Paint = (role: Role, text: string) => string

/** No colour at all: files, pipes, NO_COLOR. */
export function plain(_role: Role, text: string): string {
  return text
}

/** A verdict never speaks by colour alone. */
export const VERDICT_SIGNS: Readonly<Record<Verdict, string>> = {
  pass: '✓',
  fail: '✕',
  inconclusive: '?',
  invalid: '⊘',
}

/** "1 message", "12 000 messages". */
export function counted(count: number, singular: string, plural = `${singular}s`): string {
  return `${formatCount(count)} ${count === 1 ? singular : plural}`
}

/** Counts of the kinds that happened: "offline 3, still queued 1". */
export function listed(byKind: Readonly<Record<string, number>>): string {
  return Object.entries(byKind)
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => `${kind.replaceAll('-', ' ')} ${formatCount(count)}`)
    .join(', ')
}

/** Breaks a text at spaces so that no line is wider than `columns`, unless one word is. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= columns)
      lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}

/** Cuts a text to a width and shows that it did. */
export function cut(text: string, columns: number): string {
  return text.length <= columns ? text : `${text.slice(0, Math.max(0, columns - 1))}…`
}
