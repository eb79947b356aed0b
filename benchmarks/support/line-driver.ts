import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Counts, Driver, Finished, FloodWorkload, StartDriver, Workload } from './driver.ts'
import { residentBytes } from './proc.ts'

/** Benchmarks are started from the root of the repository by `npm run bench`. */
const BUILT = 'out'
const C_SOURCE = 'benchmarks/comparators/plain-writer.c'
const ANSWER_LIMIT_MS = 60_000

/** A child that takes a command per line and answers with a JSON object per line. */
async function startLines(child: ChildProcess): Promise<Driver> {
  const { stdin, stdout, pid } = child
  if (!stdin || !stdout || pid === undefined) throw new Error('the load program did not start')
  const waiting = new Map<string, (facts: unknown) => void>()
  const ended = new Promise<never>((_, reject) => {
    child.once('exit', (code) => reject(new Error(`the load program ended with code ${code}`)))
  })
  ended.catch(() => {})
  createInterface({ input: stdout }).on('line', (line) => {
    const facts: { event: string } = JSON.parse(line)
    waiting.get(facts.event)?.(facts)
  })
  const answer = <Facts>(event: string): Promise<Facts> => {
    let timer: NodeJS.Timeout | undefined
    const answered = new Promise<Facts>((resolve, reject) => {
      // The comparators are ours and speak these lines; `event` tells which shape this one has.
      waiting.set(event, (facts) => resolve(facts as Facts))
      timer = setTimeout(() => reject(new Error(`no answer "${event}" in time`)), ANSWER_LIMIT_MS)
    })
    return Promise.race([answered, ended]).finally(() => clearTimeout(timer))
  }
  const ask = <Facts>(command: string, event = command): Promise<Facts> => {
    const answered = answer<Facts>(event)
    stdin.write(`${command}\n`)
    return answered
  }
  await answer('ready')
  return {
    pid,
    baseBytes: residentBytes(pid),
    connect: () => ask<{ ms: number }>('connect', 'connected'),
    go: () => void stdin.write('go\n'),
    counts: () => ask<Counts>('counts'),
    finish: () => ask<Finished>('finish', 'finished'),
    kill: () => void child.kill('SIGKILL'),
  }
}

function startNode(program: string): StartDriver {
  return (workload) =>
    startLines(
      spawn(process.execPath, [join(BUILT, program), JSON.stringify(workload)], {
        stdio: ['pipe', 'pipe', 'inherit'],
      }),
    )
}

export const startBareMqttJs = startNode('bare-mqttjs.js')
export const startPlainNode = startNode('plain-writer.js')
export const startBareSubscriber = startNode('bare-subscriber.js')
export const startMarkerFlood: (workload: FloodWorkload) => Promise<Driver> = startNode('marker-flood.js')

function compilePlainC(): { path: string; remove(): void } | undefined {
  if (!existsSync('/usr/bin/gcc')) return undefined
  const folder = mkdtempSync(join(tmpdir(), 'flotilla-floor-'))
  const path = join(folder, 'plain-writer')
  const { status } = spawnSync('/usr/bin/gcc', ['-O2', '-o', path, C_SOURCE], { stdio: 'inherit' })
  const remove = () => rmSync(folder, { recursive: true, force: true })
  if (status === 0) return { path, remove }
  remove()
  return undefined
}

/** The C writer, where a compiler is at hand; without one the Node writer is the floor. */
export function preparePlainC(): StartDriver | undefined {
  const compiled = compilePlainC()
  if (!compiled) return undefined
  process.once('exit', compiled.remove)
  return ({ port, devices, qos, totalRateHz, payloadBytes, window, connectsInFlight }: Workload) => {
    const args = [port, devices, qos, totalRateHz, payloadBytes, window, connectsInFlight].map(String)
    return startLines(spawn(compiled.path, args, { stdio: ['pipe', 'pipe', 'inherit'] }))
  }
}
