import type { Paint, Role } from '../../simulators/index.ts'

/** One output stream of the command line. */
export interface Terminal {
  write(text: string): void
  readonly isTty: boolean
  /** Width now: people resize windows. */
  columns(): number
  readonly colour: boolean
}

type Env = Readonly<Record<string, string | undefined>>

/** The part of a process stream that a terminal needs. */
export interface OutputStream {
  write(text: string): unknown
  on(event: 'error', listener: (error: NodeJS.ErrnoException) => void): unknown
  readonly isTTY?: boolean
  readonly columns?: number
}

const DEFAULT_COLUMNS = 80

/** no-color.org: any value but the empty one turns colour off. */
function wantsColour(isTty: boolean, env: Env): boolean {
  return isTty && !env.NO_COLOR && env.TERM !== 'dumb'
}

export function terminalOf(stream: OutputStream, env: Env): Terminal {
  // A reader that went away (`flotilla run … | head`) must not end a run that is under way.
  stream.on('error', () => undefined)
  const isTty = stream.isTTY === true
  return {
    write: (text) => void stream.write(text),
    isTty,
    columns: () => stream.columns || DEFAULT_COLUMNS,
    colour: wantsColour(isTty, env),
  }
}

/** SGR codes; the 16 colours follow the user's own theme, dark or light. */
const CODES: Readonly<Record<Role, string>> = {
  pass: '1;32',
  fail: '1;31',
  inconclusive: '1;33',
  invalid: '1;35',
  strong: '1',
  muted: '2',
}

/** How to colour what is written to a terminal. */
export function paintFor(terminal: Pick<Terminal, 'colour'>): Paint {
  if (!terminal.colour) return (_role, text) => text
  return (role, text) => `\u001b[${CODES[role]}m${text}\u001b[0m`
}
