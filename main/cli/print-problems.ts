import { AppError, counted, formatProblem, type Problem } from '../../simulators/index.ts'
import type { Terminal } from './terminal.ts'

/** Prints problems of a profile, each with its place and what to do. */
export function printProblems(
  terminal: Pick<Terminal, 'write'>,
  file: string,
  problems: readonly Problem[],
  prefix = '',
): void {
  for (const problem of problems) {
    const hint = problem.hint === '' ? '' : `  ${problem.hint}\n`
    terminal.write(`${prefix}${formatProblem(problem, file)}\n${hint}`)
  }
}

/** The error that ends a command when its profile has problems; they are printed already. */
export function profileInvalid(file: string, problems: readonly Problem[]): AppError {
  return new AppError({
    code: 'PROFILE_INVALID',
    message: `${file} has ${counted(problems.length, 'problem')}`,
    hint: 'flotilla schema prints what a profile may hold.',
  })
}
