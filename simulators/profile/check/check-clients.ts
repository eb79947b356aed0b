import { brokerOf } from '../endpoint.ts'
import type { Fleet, Profile } from '../profile.ts'
import { MAX_DEVICES } from '../schema/fleet.ts'
import { partsOf } from '../schema/rules.ts'
import { type DeviceFacts, deviceName, type Part, renderForDevice } from '../template.ts'
import type { Report } from './checker.ts'

const UNIQUE = 'Use {{device}} or {{index}} in it; a broker throws the first client out when a second comes.'

/** Names of fleets and client ids that tell devices apart, and no more devices than one profile may have. */
export function checkClients(profile: Profile, report: Report): void {
  checkNames(profile.fleets, report)
  const total = profile.fleets.reduce((sum, fleet) => sum + fleet.count, 0)
  if (total > MAX_DEVICES)
    report(
      ['fleets'],
      `${total} devices in all; a profile may have ${MAX_DEVICES}`,
      'Lower the counts, or split the profile and run its parts on several machines.',
    )
  else checkClientIds(profile, report)
}

function checkNames(fleets: readonly Fleet[], report: Report): void {
  const seen = new Set<string>()
  for (const [index, { name }] of fleets.entries()) {
    if (seen.has(name))
      report(
        ['fleets', index, 'name'],
        `a fleet above is named "${name}" too`,
        'Give every fleet a name of its own; reports and thresholds go by it.',
      )
    seen.add(name)
  }
}

interface Member {
  fleet: Fleet
  index: number
}

/** Client ids must differ per broker, so fleets of different brokers may share them. */
function checkClientIds(profile: Profile, report: Report): void {
  const groups = new Map<string, Member[]>()
  for (const [index, fleet] of profile.fleets.entries()) {
    const url = brokerOf(profile, fleet).url ?? ''
    const group = groups.get(url) ?? []
    group.push({ fleet, index })
    groups.set(url, group)
  }
  for (const group of groups.values()) checkGroup(group, report)
}

function checkGroup(group: readonly Member[], report: Report): void {
  const seen = new Map<string, string>()
  for (const { fleet, index } of group) {
    const path = ['fleets', index, 'clientId']
    const parts = clientIdParts(fleet)
    if (fleet.count > 1 && !variesByDevice(parts)) {
      report(path, `all ${fleet.count} devices of "${fleet.name}" would have the same client id`, UNIQUE)
      continue
    }
    // Within a fleet the index makes ids differ; they need comparing only where a broker has several fleets.
    if (group.length === 1) continue
    for (let device = fleet.firstIndex; device < fleet.firstIndex + fleet.count; device++) {
      const facts = factsOf(fleet, device)
      const id = renderForDevice(parts, facts)
      const other = seen.get(id)
      if (other !== undefined) {
        // Fleets of one name are complained about already.
        if (other === facts.device) break
        report(path, `${other} and ${facts.device} would both have the client id "${id}"`, UNIQUE)
        break
      }
      seen.set(id, facts.device)
    }
  }
}

/** The client id with the user name, which it may hold, written out. */
function clientIdParts(fleet: Fleet): Part[] {
  const username = partsOf(fleet.auth?.username ?? '')
  return partsOf(fleet.clientId).flatMap((part) =>
    part.kind === 'variable' && part.name === 'username' ? [...username] : [part],
  )
}

function variesByDevice(parts: readonly Part[]): boolean {
  return parts.some((part) => part.kind === 'variable' && (part.name === 'index' || part.name === 'device'))
}

function factsOf(fleet: Fleet, index: number): DeviceFacts {
  return { fleet: fleet.name, index, device: deviceName(fleet.name, index), run: '00000000' }
}
