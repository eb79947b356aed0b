import { checkThreshold } from '../../metrics/thresholds.ts'
import type { Complaint } from '../problem.ts'
import type { Profile } from '../profile.ts'
import { checkBrokers } from './check-brokers.ts'
import { checkClients } from './check-clients.ts'
import { checkLinks } from './check-links.ts'
import { checkPublishing } from './check-publishing.ts'
import { collector } from './checker.ts'

/** Everything that makes a profile wrong although each of its values is right. */
export function crossChecks(profile: Profile): Complaint[] {
  const { complaints, report } = collector('inconsistent')
  checkClients(profile, report)
  checkBrokers(profile, report)
  checkPublishing(profile, report)
  checkLinks(profile, report)
  return [...complaints, ...thresholdComplaints(profile)]
}

function thresholdComplaints(profile: Profile): Complaint[] {
  const names = profile.fleets.map((fleet) => fleet.name)
  return profile.thresholds.flatMap((threshold, index): Complaint[] => {
    const path = typeof threshold === 'string' ? ['thresholds', index] : ['thresholds', index, 'check']
    const message = checkThreshold(typeof threshold === 'string' ? threshold : threshold.check, names)
    return message === undefined
      ? []
      : [
          {
            code: 'threshold',
            path,
            message,
            hint: 'docs/profile.md lists the metrics, operators and units.',
          },
        ]
  })
}
