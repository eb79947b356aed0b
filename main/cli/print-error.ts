import type { AppError } from '../../simulators/index.ts'
import type { Terminal } from './terminal.ts'

/** The one shape in which the command line shows an error. */
export function printError(terminal: Pick<Terminal, 'write'>, { message, code, hint }: AppError): void {
  terminal.write(
    `flotilla: ${message} (${code})\n${hint === '' ? '' : `  ${hint.replaceAll('\n', '\n  ')}\n`}`,
  )
}
