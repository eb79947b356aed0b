import {
  brokerOf,
  counted,
  endpointOf,
  formatMs,
  formatRate,
  type PlannedLoad,
  type Profile,
  plannedLoad,
} from '../../simulators/index.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import type { CliHost } from './host.ts'
import { loadProfile } from './load-profile.ts'
import { printProblems, profileInvalid } from './print-problems.ts'

function brokersOf(profile: Profile): string[] {
  const names = profile.fleets.map((fleet) => {
    const { url } = brokerOf(profile, fleet)
    if (url === undefined) return 'the embedded broker'
    // Only a run resolves references, so a URL made of them is shown as it stands.
    if (url.includes('${')) return url
    const { host, port } = endpointOf(profile, fleet, 0)
    return `${host}:${port}`
  })
  return [...new Set(names)]
}

function outlook(
  { devices, peakTotalRateHz, durationMs, messages, perFleet }: PlannedLoad,
  brokers: string[],
): string {
  const fleets = perFleet.length > 1 ? ` in ${perFleet.length} fleets` : ''
  return `It would connect ${counted(devices, 'device')}${fleets} to ${brokers.join(', ')}, publish up to ${formatRate(peakTotalRateHz)} in total and about ${counted(messages, 'message')}, and end after ${formatMs(durationMs)} and a drain.`
}

export interface ValidateOptions {
  json?: boolean
  set?: string[]
}

/** Prints every problem of a profile, or what a run of it would do. */
export async function validateCommand(
  host: CliHost,
  file: string,
  { json = false, set = [] }: ValidateOptions,
): Promise<ExitCode> {
  const loaded = await loadProfile(host, file, { set })
  const load = loaded.ok ? plannedLoad(loaded.profile) : null
  const brokers = loaded.ok ? brokersOf(loaded.profile) : []
  if (json) {
    const { warnings } = loaded
    const problems = loaded.ok ? [] : loaded.problems
    const run = load && { ...load, brokers }
    host.stdout.write(`${JSON.stringify({ valid: loaded.ok, problems, warnings, run }, null, 2)}\n`)
    return loaded.ok ? EXIT.pass : EXIT.badUsage
  }
  if (!loaded.ok) printProblems(host.stdout, loaded.label, loaded.problems)
  printProblems(host.stdout, loaded.label, loaded.warnings, 'warning: ')
  if (!loaded.ok) throw profileInvalid(file, loaded.problems)
  if (load) host.stdout.write(`${file} is valid. ${outlook(load, brokers)}\n`)
  return EXIT.pass
}
