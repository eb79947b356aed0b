import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.ts'

export interface Mosquitto {
  port: number
  pid: number
  /** Everything it wrote to its log so far. */
  log(): string
  stop(signal?: NodeJS.Signals): Promise<void>
}

const PATHS = ['/usr/sbin/mosquitto', '/usr/local/sbin/mosquitto', '/opt/homebrew/sbin/mosquitto']

/** Path of the Mosquitto broker on this machine, if it has one. */
export function findMosquitto(): string | undefined {
  return PATHS.find((path) => existsSync(path))
}

const running = new Set<ChildProcess>()
// A test that fails before it stops its broker must not leave it behind.
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

/**
 * Starts a real Mosquitto on a free loopback port, or on `port` to come back where one died.
 * `settings` are further lines of mosquitto.conf; `listener` replaces the plain listener with lines that may use {port}.
 */
export async function startMosquitto({
  settings = [],
  listener = ['listener {port} 127.0.0.1'],
  port,
}: {
  settings?: string[]
  listener?: string[]
  port?: number
} = {}): Promise<Mosquitto> {
  const path = findMosquitto()
  if (!path) throw new Error('Mosquitto is not installed: apt-get install mosquitto')
  const chosen = port ?? (await freePort())
  const folder = await mkdtemp(join(tmpdir(), 'flotilla-mosquitto-'))
  const file = join(folder, 'mosquitto.conf')
  const lines = [
    'allow_anonymous true',
    'persistence false',
    'log_dest stderr',
    // Started by root it would become the user mosquitto, who cannot read the test's certificates.
    ...(process.getuid?.() === 0 ? ['user root'] : []),
    ...settings,
    ...listener.map((line) => line.replaceAll('{port}', String(chosen))),
  ]
  await writeFile(file, `${lines.join('\n')}\n`)
  const child = spawn(path, ['-c', file], { stdio: ['ignore', 'ignore', 'pipe'] })
  let log = ''
  child.stderr.on('data', (chunk) => {
    log = (log + String(chunk)).slice(-200_000)
  })
  running.add(child)
  const ended = once(child, 'exit').finally(() => running.delete(child))
  for (let attempt = 0; !(await accepts(chosen)); attempt += 1) {
    if (attempt > 200 || child.exitCode !== null)
      throw new Error(`Mosquitto did not start on ${chosen}: ${log}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return {
    port: chosen,
    pid: child.pid ?? -1,
    log: () => log,
    stop: async (signal = 'SIGTERM') => {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill(signal)
        await ended
      }
      await rm(folder, { recursive: true, force: true })
    },
  }
}
