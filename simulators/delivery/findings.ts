import type { AttributionResult } from './attribution.ts'
import { type Contract, clauseFor } from './contract.ts'
import { EXAMPLES_PER_FINDING, type StreamGroup } from './stream-group.ts'
import type { Finding, ViolationKind } from './types.ts'

/** Stands for the fleet in findings about messages that belong to none. */
export const NO_FLEET = '-'

export interface FindingsInput {
  result: AttributionResult
  fleetNames: readonly string[]
  contractOf(group: StreamGroup): Contract
  /** Per fleet: acknowledged with "no matching subscribers" (0x10) while the probe was subscribed. */
  withoutSubscribers: readonly number[]
  /** Markers that began and whose own checksum failed. */
  damaged: number
}

/** Broken promises and legal losses of a run: violations first, then by how many messages they concern. */
export function findingsOf(input: FindingsInput): Finding[] {
  const { result, fleetNames, contractOf, withoutSubscribers, damaged } = input
  const findings: Finding[] = []
  for (const group of result.groups)
    for (const [kind, count, of] of countsByKind(group)) {
      if (count === 0) continue
      const { grade, sentence } = clauseFor(kind, contractOf(group))
      const examples = kind === 'no-subscribers' ? [] : group.exhibits[kind]
      const fleet = fleetNames[group.fleet] ?? NO_FLEET
      merge(findings, { kind, grade, fleet, qos: group.qos, count, of, explanation: sentence, examples })
    }
  withoutSubscribers.forEach((count, fleet) => {
    const group = result.groups.find((candidate) => candidate.fleet === fleet && candidate.qos > 0)
    if (count === 0 || group === undefined) return
    const { grade, sentence } = clauseFor('no-subscribers', contractOf(group))
    const name = fleetNames[fleet] ?? NO_FLEET
    findings.push({
      ...{ kind: 'no-subscribers', grade, fleet: name, qos: group.qos, count },
      ...{ explanation: sentence, examples: [] },
    })
  })
  const strays = result.total.counts === null ? 0 : strayCount(result)
  if (strays > 0)
    findings.push({
      ...{ kind: 'phantom', grade: 'violation', fleet: NO_FLEET, qos: 0, count: strays },
      explanation: 'The markers are intact and name streams that no device of this profile can have.',
      examples: result.strays.slice(0, EXAMPLES_PER_FINDING),
    })
  if (damaged > 0)
    findings.push({
      ...{ kind: 'corrupt', grade: 'violation', fleet: NO_FLEET, qos: 0, count: damaged },
      explanation:
        'The marker itself was changed on the way, so these messages cannot be named: each is also missing, unless it was a copy.',
      examples: [],
    })
  return findings.sort(byWeight)
}

function countsByKind({ counts, promised, rejected }: StreamGroup): [ViolationKind, number, number][] {
  const { lost, duplicates, reordered, corrupt, phantom, abortedReads, delivered } = counts
  return [
    ['lost', lost, promised],
    ['duplicate', duplicates, delivered],
    ['reordered', reordered, delivered],
    ['corrupt', corrupt, delivered],
    ['phantom', phantom, delivered],
    ['aborted-read', abortedReads, rejected],
  ]
}

/** Entries of one publish list that share a promise make one finding. */
function merge(findings: Finding[], finding: Finding): void {
  const { kind, fleet, qos, explanation } = finding
  const same = findings.find(
    (other) =>
      other.kind === kind && other.fleet === fleet && other.qos === qos && other.explanation === explanation,
  )
  if (same === undefined) {
    findings.push({ ...finding, examples: [...finding.examples] })
    return
  }
  same.count += finding.count
  same.of = (same.of ?? 0) + (finding.of ?? 0)
  same.examples.push(...finding.examples.slice(0, EXAMPLES_PER_FINDING - same.examples.length))
}

function strayCount({ total, fleets }: AttributionResult): number {
  return (total.counts?.phantom ?? 0) - fleets.reduce((sum, { counts }) => sum + (counts?.phantom ?? 0), 0)
}

function byWeight(a: Finding, b: Finding): number {
  if (a.grade !== b.grade) return a.grade === 'violation' ? -1 : 1
  return b.count - a.count
}
