import { Command, CommanderError } from 'commander'
import { AppError, toAppError } from '../../simulators/index.ts'
import { EXIT, type ExitCode, exitCodeOfError } from './exit-codes.ts'
import type { CliHost } from './host.ts'
import { DEFAULT_PROFILE, initCommand } from './init.ts'
import { printError } from './print-error.ts'
import { type RunCommandOptions, runCommand } from './run.ts'
import { schemaCommand } from './schema.ts'
import { type ValidateOptions, validateCommand } from './validate.ts'

const EXIT_CODES = `
Exit codes of run:
  0 pass   1 internal error   2 bad usage or profile   3 thresholds failed or a promise broken
  4 could not connect or start   5 inconclusive or invalid   130 interrupted (drains, still reports)`

function collect(value: string, earlier: string[]): string[] {
  return [...earlier, value]
}

type Finish = (code: ExitCode | Promise<ExitCode>) => Promise<void>

function addRun(program: Command, host: CliHost, finish: Finish): void {
  program
    .command('run')
    .description('run a profile and say whether every message arrived')
    .argument('<profile>', 'profile file, NAME.flotilla.json')
    .option('--duration <time>', 'run for this long instead of what the stages say, as 5m')
    .option('--seed <number>', 'seed of the plan and the payloads')
    .option('--out <folder>', 'write report.json into this folder')
    .option('--json', 'print the report as JSON on standard output, and nothing else there')
    .option('--shards <count>', 'worker processes to spread the devices over')
    .option('--shard <i/n>', 'drive the share i of n of the devices, as 2/8')
    .option('--start-at <time>', 'begin at this time, as 2026-01-31T14:00:00Z')
    .option(
      '--set <path=value>',
      'change a value of the profile, as fleets[0].count=500; repeatable',
      collect,
      [],
    )
    .option('--secret-file <file>', 'file of NAME=value lines for ${secret:NAME}')
    .option('--yes', 'do not ask before connecting to a broker on another machine')
    .option('--quiet', 'no progress on standard error')
    .addHelpText('after', EXIT_CODES)
    .action((profile: string, options: RunCommandOptions) => finish(runCommand(host, profile, options)))
}

function buildProgram(host: CliHost, finish: Finish): Command {
  const program = new Command('flotilla')
    .description('Simulates fleets of MQTT devices and proves, message by message, what arrived.')
    .version(host.version, '--version', 'print the version')
    .helpCommand(true)
    .showSuggestionAfterError(true)
    .exitOverride()
    // Errors are printed in one place and in one shape.
    .configureOutput({
      writeOut: (text) => host.stdout.write(text),
      writeErr: () => undefined,
      getOutHelpWidth: () => Math.min(100, host.stdout.columns()),
    })
  addRun(program, host, finish)
  program
    .command('validate')
    .description('check a profile and say what a run would do')
    .argument('<profile>', 'profile file')
    .option('--set <path=value>', 'change a value of the profile first; repeatable', collect, [])
    .option('--json', 'print the result as JSON')
    .action((profile: string, options: ValidateOptions) => finish(validateCommand(host, profile, options)))
  program
    .command('schema')
    .description('print the JSON Schema of a profile or of a report')
    .argument('[which]', 'profile or report', 'profile')
    .action((which: string) => finish(schemaCommand(host, which)))
  program
    .command('init')
    .description('write a profile to begin with')
    .argument('[file]', 'where to write it', DEFAULT_PROFILE)
    .action((file: string) => finish(initCommand(host, file)))
  program
    .command('version')
    .description('print the version')
    .action(() => {
      host.stdout.write(`${host.version}\n`)
      return finish(EXIT.pass)
    })
  return program
}

/** Commander's complaint in our shape: "error: unknown option '--sed'\n(Did you mean --seed?)". */
function usageError({ message }: CommanderError): AppError {
  const [complaint = '', suggestion] = message.replace(/^error: /, '').split('\n')
  const hint = suggestion?.replace(/^\(|\)$/g, '')
  return new AppError({ code: 'BAD_USAGE', message: complaint, ...(hint && { hint }) })
}

const ANSWERED = new Set(['commander.helpDisplayed', 'commander.help', 'commander.version'])

/** Runs one command line (without node and script) and returns its exit code; never throws. */
export async function runProgram(host: CliHost, args: readonly string[]): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.pass
  const program = buildProgram(host, async (code) => {
    exitCode = await code
  })
  try {
    if (args.length === 0) {
      host.stderr.write(program.helpInformation())
      return EXIT.badUsage
    }
    await program.parseAsync(args, { from: 'user' })
    return exitCode
  } catch (thrown) {
    if (thrown instanceof CommanderError && ANSWERED.has(thrown.code)) return EXIT.pass
    const error = thrown instanceof CommanderError ? usageError(thrown) : toAppError(thrown)
    printError(host.stderr, error)
    // A defect is of use to us only with its trace.
    if (error.code === 'INTERNAL' && error.cause instanceof Error && error.cause.stack)
      host.stderr.write(`${error.cause.stack}\n`)
    return exitCodeOfError(error.code)
  }
}
