import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type ProcessEntry, processesOfGroup } from './process-table.ts'

export const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url))
/** FLOTILLA_DIST builds elsewhere, so that a build under way does not pull the rug from under a test. */
export const CLI_FOLDER = process.env.FLOTILLA_DIST ?? 'dist'
export const CLI_ENTRY = fileURLToPath(new URL(`../../${CLI_FOLDER}/cli.js`, import.meta.url))

/** No command of these tests takes longer; one that does hangs. */
const LIMIT_MS = 45_000
/** In which the workers of a command that has ended, however it ended, are gone as well. */
const ORPHAN_MS = 2_000

export interface CliResult {
  /** null: a signal ended it. */
  exitCode: number | null
  stdout: string
  stderr: string
  tookMs: number
  /** Processes of the command that outlived it by more than two seconds. */
  orphans: ProcessEntry[]
}

export interface CliOptions {
  cwd: string
  env?: Record<string, string>
  /** Closes the reading end of standard output after the first bytes, as `| head -1` does. */
  closeStdout?: boolean
  /** Sends standard error there, for example /dev/full. */
  stderrTo?: number
}

/** The built command line in a process group of its own, as a terminal would start it. */
export class CliProcess {
  readonly #child: ChildProcess
  readonly #startedMs = performance.now()
  #stdout = ''
  #stderr = ''
  readonly done: Promise<CliResult>

  constructor(args: readonly string[], { cwd, env = {}, closeStdout = false, stderrTo }: CliOptions) {
    this.#child = spawn(process.execPath, [CLI_ENTRY, ...args], {
      cwd,
      // NO_COLOR and the like of whoever runs the tests must not change what is printed.
      env: { PATH: process.env.PATH ?? '', TMPDIR: process.env.TMPDIR ?? '/tmp', ...env },
      stdio: ['ignore', 'pipe', stderrTo ?? 'pipe'],
      detached: true,
    })
    this.#child.stdout?.on('data', (chunk) => {
      this.#stdout += String(chunk)
      if (closeStdout) this.#child.stdout?.destroy()
    })
    this.#child.stderr?.on('data', (chunk) => {
      this.#stderr += String(chunk)
    })
    this.done = this.#follow()
  }

  get pid(): number {
    return this.#child.pid ?? -1
  }

  get stderr(): string {
    return this.#stderr
  }

  /** Worker processes of a role that are alive. */
  workers(role: 'shard' | 'probe' | 'broker'): ProcessEntry[] {
    return processesOfGroup(this.pid).filter(({ command }) => command.endsWith(`worker.js ${role}`))
  }

  /** To the command alone. */
  kill(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal)
  }

  /** To the command and its workers, as Ctrl-C in a terminal. */
  killGroup(signal: NodeJS.Signals): void {
    process.kill(-this.pid, signal)
  }

  /** Waits for something to be printed on standard error. */
  async seen(text: string | RegExp, limitMs = 20_000): Promise<void> {
    const untilMs = performance.now() + limitMs
    while (typeof text === 'string' ? !this.#stderr.includes(text) : !text.test(this.#stderr)) {
      if (performance.now() > untilMs || this.#child.exitCode !== null)
        throw new Error(`${text} was not printed, but:\n${this.#stderr}`)
      await sleep(20)
    }
  }

  async #follow(): Promise<CliResult> {
    const ended = new Promise<number | null>((resolve, reject) => {
      this.#child.once('error', reject)
      this.#child.once('close', resolve)
    })
    const limit = new AbortController()
    const hung = sleep(LIMIT_MS, 'hung' as const, { signal: limit.signal })
    // Aborted when the command has ended in time.
    hung.catch(() => undefined)
    const outcome = await Promise.race([ended, hung])
    limit.abort()
    if (outcome === 'hung') {
      this.killGroup('SIGKILL')
      throw new Error(
        `The command hung for ${LIMIT_MS} ms. It had printed:\n${this.#stdout}\n${this.#stderr}`,
      )
    }
    const tookMs = performance.now() - this.#startedMs
    // True, but of this machine and not of what is tested: vitest.config.ts has such a test run again.
    if (this.#stdout.includes('generator-saturated') || this.#stdout.includes('This machine was the'))
      throw new Error(`machine too busy for a test that measures time:\n${this.#stdout.slice(0, 600)}`)
    return {
      exitCode: outcome,
      stdout: this.#stdout,
      stderr: this.#stderr,
      tookMs,
      orphans: await this.#orphans(),
    }
  }

  async #orphans(): Promise<ProcessEntry[]> {
    const untilMs = performance.now() + ORPHAN_MS
    for (;;) {
      const left = processesOfGroup(this.pid)
      if (left.length === 0) return left
      if (performance.now() > untilMs) {
        this.killGroup('SIGKILL')
        return left
      }
      await sleep(50)
    }
  }
}

/** Runs one command line of flotilla to its end. */
export function flotilla(args: readonly string[], options: CliOptions): Promise<CliResult> {
  return new CliProcess(args, options).done
}
