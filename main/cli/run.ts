import { resolve } from 'node:path'
import { type Report, type RunHandle, reportText, summarize } from '../../simulators/index.ts'
import { askConsent } from './consent.ts'
import { EXIT, type ExitCode, exitCodeOfReport } from './exit-codes.ts'
import type { CliHost, RunRequest } from './host.ts'
import { type KeptReport, keepReport } from './keep-report.ts'
import { type LoadedProfile, loadProfile, resolveProfileSecrets } from './load-profile.ts'
import { durationOption, seedOption, shardsOption, shareOption, startAtOption } from './options.ts'
import { printError } from './print-error.ts'
import { printProblems, profileInvalid } from './print-problems.ts'
import { ProgressDisplay } from './progress-display.ts'
import { paintFor } from './terminal.ts'

/** Options of `flotilla run` as they were typed. */
export interface RunCommandOptions {
  duration?: string
  seed?: string
  out?: string
  json?: boolean
  shards?: string
  shard?: string
  startAt?: string
  set?: string[]
  secretFile?: string
  yes?: boolean
  quiet?: boolean
}

const DRAINING = 'Draining. Ctrl-C again stops at once.'
const STOPPING = 'Stopping at once. Ctrl-C again leaves without a report.'

async function loadForRun(host: CliHost, file: string, options: RunCommandOptions): Promise<LoadedProfile> {
  const loaded = await loadProfile(host, file, {
    set: options.set ?? [],
    ...(options.seed !== undefined && { seed: seedOption(options.seed) }),
    ...(options.duration !== undefined && { durationMs: durationOption(options.duration) }),
  })
  if (!loaded.ok) {
    printProblems(host.stderr, loaded.label, loaded.problems)
    throw profileInvalid(file, loaded.problems)
  }
  if (!options.quiet) printProblems(host.stderr, loaded.label, loaded.warnings, 'warning: ')
  return loaded
}

async function requestOf(host: CliHost, file: string, options: RunCommandOptions): Promise<RunRequest> {
  // Options first: a typing error should not wait for a question to be answered.
  const share = options.shard === undefined ? undefined : shareOption(options.shard)
  const shards = options.shards === undefined ? undefined : shardsOption(options.shards)
  const startAtMs = options.startAt === undefined ? undefined : startAtOption(options.startAt, host.now())
  const { profile, source, baseDir } = await loadForRun(host, file, options)
  const resolved = await resolveProfileSecrets(host, profile, options.secretFile)
  await askConsent(host, resolved, options.yes ?? false)
  return {
    profile: resolved,
    source,
    baseDir,
    ...(share && { share }),
    ...(shards !== undefined && { shards }),
    ...(startAtMs !== undefined && { startAtMs }),
  }
}

/** The report, or null when the third Ctrl-C left without one. */
async function follow(
  host: CliHost,
  handle: RunHandle,
  display: ProgressDisplay | null,
): Promise<Report | null> {
  if (display) {
    handle.progress((progress) => display.update(progress))
    handle.events((event) => display.event(event))
  }
  const say = (text: string) => (display ? display.note(text) : host.stderr.write(`${text}\n`))
  // Nobody may be waiting for it any more when the third Ctrl-C has left.
  handle.done.catch(() => undefined)
  let interrupts = 0
  let release = () => {}
  try {
    const left = new Promise<null>((resolve) => {
      release = host.onInterrupt(() => {
        interrupts += 1
        if (interrupts === 1) {
          say(DRAINING)
          handle.stop('drain')
        } else if (interrupts === 2) {
          say(STOPPING)
          handle.stop('now')
        } else resolve(null)
      })
    })
    return await Promise.race([handle.done, left])
  } finally {
    release()
    display?.clear()
  }
}

function show(host: CliHost, report: Report, kept: KeptReport, { json, quiet }: RunCommandOptions): void {
  if (json) host.stdout.write(reportText(report))
  if (json && quiet) return
  const terminal = json ? host.stderr : host.stdout
  terminal.write(summarize(report, kept.path, paintFor(terminal)))
}

/** Runs a profile and says how it went: progress on stderr, the result on stdout, the verdict as exit code. */
export async function runCommand(host: CliHost, file: string, options: RunCommandOptions): Promise<ExitCode> {
  const request = await requestOf(host, file, options)
  const display = options.quiet ? null : new ProgressDisplay(host.stderr)
  const report = await follow(host, host.startRun(request), display)
  if (!report) return EXIT.interrupted

  const kept =
    options.out === undefined
      ? { path: null, failure: null }
      : await keepReport(resolve(host.cwd, options.out), report, host.tempDir)
  show(host, report, kept, options)
  const code = exitCodeOfReport(report)
  if (!kept.failure) return code
  printError(host.stderr, kept.failure)
  if (kept.path) host.stderr.write(`  The report is in ${kept.path}\n`)
  else if (!options.json) {
    host.stderr.write('  No other folder took it either; it follows on standard output.\n')
    host.stdout.write(reportText(report))
  }
  // A script that reads the exit code only must not take the report for written.
  return code === EXIT.pass ? EXIT.internal : code
}
