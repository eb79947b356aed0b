import {
  AppError,
  brokerOf,
  counted,
  endpointOf,
  formatRate,
  isLoopback,
  type Profile,
  plannedLoad,
} from '../../simulators/index.ts'
import type { CliHost } from './host.ts'

/** Brokers beyond this machine that a run would connect to, as host:port. */
export function foreignBrokers(profile: Profile): string[] {
  // The probe listens at the broker of the profile itself, also when every fleet names its own.
  const fleets = profile.observe.probe === false ? profile.fleets : [null, ...profile.fleets]
  const endpoints = fleets.map((fleet) => endpointOf(profile, fleet, 0)).filter((each) => !isLoopback(each))
  return [...new Set(endpoints.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`))]
}

/** Files of a profile that identify the user to a broker; shown before they are first used. */
function certificateFiles(profile: Profile): string[] {
  const brokers = [null, ...profile.fleets].map((fleet) => brokerOf(profile, fleet))
  const files = brokers.flatMap(({ tls }) => [tls?.ca, tls?.cert, tls?.key, tls?.issue?.ca, tls?.issue?.key])
  return [...new Set(files.filter((file) => file !== undefined))]
}

/** What a run will do to other people's machines, in a sentence. */
export function intention(profile: Profile, brokers: string[]): string {
  const { devices, peakTotalRateHz } = plannedLoad(profile)
  const files = certificateFiles(profile)
  const reads = files.length > 0 ? ` It reads ${files.join(', ')}.` : ''
  return `This run connects ${counted(devices, 'device')} to ${brokers.join(', ')} and publishes up to ${formatRate(peakTotalRateHz)} in total.${reads}`
}

/** Asks once before a run touches a broker on another machine. */
export async function askConsent(host: CliHost, profile: Profile, yes: boolean): Promise<void> {
  const brokers = foreignBrokers(profile)
  if (yes || brokers.length === 0) return
  const sentence = intention(profile, brokers)
  if (await host.confirm?.(`${sentence}\nStart? [y/N] `)) return
  throw new AppError({
    code: 'CONSENT_NEEDED',
    message: host.confirm ? 'Not started.' : sentence,
    hint: 'Pass --yes if these brokers are yours to test.',
  })
}
