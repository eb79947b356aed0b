import { randomBytes } from 'node:crypto'
import { cpus, tmpdir } from 'node:os'
import { runBroker } from '../../simulators/broker/broker-worker.ts'
import { runProbe } from '../../simulators/observe/probe-worker.ts'
import { parseProfile } from '../../simulators/profile/parse.ts'
import type { ProfileInput } from '../../simulators/profile/schema/profile.ts'
import { startRun } from '../../simulators/run/run.ts'
import type { RunHandle, RunOptions } from '../../simulators/run/run-options.ts'
import { runShard } from '../../simulators/run/shard.ts'
import { inProcessWorkers } from './in-process-workers.ts'

/** The options of a run with all workers inside this process. */
export function inProcessOptions(profile: ProfileInput, more: Partial<RunOptions> = {}): RunOptions {
  const parsed = parseProfile(JSON.stringify(profile))
  if (!parsed.ok)
    throw new Error(parsed.problems.map(({ path, message }) => `${path}: ${message}`).join('\n'))
  return {
    profile: parsed.profile,
    source: parsed.source,
    baseDir: tmpdir(),
    workers: inProcessWorkers({ shard: runShard, probe: runProbe, broker: runBroker }),
    limits: {
      platform: process.platform,
      openFiles: null,
      ephemeralPorts: null,
      memoryBytes: 8e9,
      cores: cpus().length,
    },
    environment: {
      flotilla: 'test',
      node: process.versions.node,
      platform: process.platform,
      cpu: 'test',
      cores: cpus().length,
      memoryBytes: 8e9,
      clock: 'one process, one clock',
    },
    run: randomBytes(4).readUInt32LE(),
    wallNow: Date.now,
    ...more,
  }
}

/** Runs a profile with all workers inside this process: the same engine, brokers and sockets, no child processes. */
export function runInProcess(profile: ProfileInput, more: Partial<RunOptions> = {}): RunHandle {
  return startRun(inProcessOptions(profile, more))
}
