#!/usr/bin/env node
import manifest from '../../package.json' with { type: 'json' }
import { startHostRun } from '../host/engine.ts'
import { leave, processHost } from './process-host.ts'
import { runProgram } from './program.ts'

const { version } = manifest
const host = processHost(version, (request) => startHostRun(version, request))
await leave(await runProgram(host, process.argv.slice(2)))
