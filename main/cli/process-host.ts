import { tmpdir } from 'node:os'
import process from 'node:process'
import { createInterface } from 'node:readline/promises'
import type { CliHost, StartRun } from './host.ts'
import { terminalOf } from './terminal.ts'

/** Signals that mean "come to an end": Ctrl-C, a container or a service that stops, a terminal that closes. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

async function confirm(question: string): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  // Ctrl-C and end of input at the question mean no.
  const closed = new Promise<string>((resolve) => lines.once('close', () => resolve('')))
  try {
    const answer = await Promise.race([lines.question(question), closed])
    return /^y(es)?$/i.test(answer.trim())
  } finally {
    lines.close()
  }
}

function onInterrupt(listener: () => void): () => void {
  for (const signal of SIGNALS) process.on(signal, listener)
  return () => {
    for (const signal of SIGNALS) process.off(signal, listener)
  }
}

/** The command line in a process of its own. */
export function processHost(version: string, startRun: StartRun): CliHost {
  const { stdout, stderr, stdin, env } = process
  return {
    stdout: terminalOf(stdout, env),
    stderr: terminalOf(stderr, env),
    env,
    cwd: process.cwd(),
    tempDir: tmpdir(),
    version,
    confirm: stdin.isTTY && stderr.isTTY ? confirm : null,
    onInterrupt,
    now: Date.now,
    startRun,
  }
}

/** Ends the process once all that was written has left it: a pipe would lose the end of a long report. */
export async function leave(exitCode: number): Promise<never> {
  for (const stream of [process.stdout, process.stderr]) {
    if (stream.writable) await new Promise<void>((resolve) => stream.write('', () => resolve()))
  }
  process.exit(exitCode)
}
