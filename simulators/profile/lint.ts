import { ratePerDeviceHz } from '../plan/rate.ts'
import { lintLinks } from './check/check-links.ts'
import { collector, type Report } from './check/checker.ts'
import { lintFleet } from './check/lint-fleet.ts'
import { lintTls } from './check/lint-tls.ts'
import type { Complaint } from './problem.ts'
import type { Profile } from './profile.ts'

/** What is allowed and yet probably not meant. */
export function lint(profile: Profile): Complaint[] {
  const { complaints, report } = collector('warning')
  for (const index of profile.fleets.keys()) lintFleet(profile, index, report)
  lintTls(profile, report)
  lintLinks(profile, report)
  lintStages(profile, report)
  lintDrain(profile, report)
  lintThresholds(profile, report)
  return complaints
}

function lintStages({ stages }: Profile, report: Report): void {
  let share = stages[0]?.devices === undefined ? 1 : 0
  for (const [index, { devices }] of stages.entries()) {
    const before = share
    share = devices ?? share
    if (before === 0 && share === 0)
      report(
        ['stages', index],
        'no device is connected during this stage',
        'Give it "devices", the share that is connected at its end, such as "100%".',
      )
  }
}

function lintDrain({ drain }: Profile, report: Report): void {
  if (drain.grace < drain.quiet)
    report(
      ['drain', 'grace'],
      'the grace is shorter than the quiet time, so the drain can end before it was quiet',
      'Make "grace" at least "quiet".',
    )
}

/** Thresholds that ask what the profile cannot answer, or what QoS 0 does not promise. */
function lintThresholds(profile: Profile, report: Report): void {
  const { fleets, thresholds, observe } = profile
  for (const [index, threshold] of thresholds.entries()) {
    const check = typeof threshold === 'string' ? threshold : threshold.check
    const judged =
      /^\s*(?:([\w-]+)\.)?(lost|missing|duplicates|reordered|e2e|e2eFromSent|deliveryRate)\b/.exec(check)
    if (!judged) continue
    const [, name, metric] = judged
    const scope = fleets.filter((fleet) => !name || fleet.name === name).flatMap((fleet) => fleet.publish)
    const sending = scope.filter((publish) => ratePerDeviceHz(publish) > 0)
    if (observe.probe === false || (sending.length > 0 && sending.every(({ marker }) => marker === 'none')))
      report(
        ['thresholds', index],
        `nobody watches deliveries, so "${metric}" stays unknown`,
        observe.probe === false
          ? 'Turn the probe on, or remove the threshold.'
          : 'Give the messages a marker, or remove the threshold.',
      )
    else if (
      metric === 'lost' &&
      sending.some(({ qos }) => (typeof qos === 'number' ? qos === 0 : qos[0] > 0))
    )
      report(
        ['thresholds', index],
        'QoS 0 promises no delivery, so this threshold can fail without anyone at fault',
        'Use QoS 1 or 2, or name a fleet that does, such as "meters.lost == 0".',
      )
  }
}
