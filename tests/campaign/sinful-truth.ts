import type { Report } from '../../simulators/report/schema.ts'
import { type Counts, countsOf, type DeliveryTruth, type StreamTruth } from '../support/delivery-truth.ts'

/** Everything that a sinful broker knows and a report must say. */
export interface ToldCounts {
  sent: number
  rejected: number
  expected: number
  delivered: number
  missing: number
  lost: number
  duplicates: number
  reordered: number
}

/** The counts that the broker's own records ask for. */
export function trueCounts(counts: Counts): ToldCounts {
  return {
    sent: counts.accepted + counts.rejected,
    rejected: counts.rejected,
    expected: counts.accepted,
    delivered: counts.distinct,
    missing: counts.dropped,
    lost: counts.dropped,
    duplicates: counts.duplicates,
    reordered: counts.reordered,
  }
}

/** The same counts out of a report, or of one fleet in it. */
export function toldCounts({ books, observers: { mqtt } }: Report | Report['fleets'][number]): ToldCounts {
  if (!mqtt) throw new Error('the report holds no observation')
  const { expected, delivered, missing, lost, duplicates, reordered } = mqtt
  return {
    sent: books.sent,
    rejected: books.rejected,
    ...{ expected, delivered, missing, lost, duplicates, reordered },
  }
}

/** Sums up the streams that `isMeant` chooses. */
export function truthOf(
  truth: DeliveryTruth,
  isMeant: (stream: StreamTruth) => boolean = () => true,
): Counts {
  const total = countsOf(undefined)
  for (const stream of truth.streams.values()) {
    if (!isMeant(stream)) continue
    const counts = countsOf(stream)
    total.accepted += counts.accepted
    total.distinct += counts.distinct
    total.dropped += counts.dropped
    total.duplicates += counts.duplicates
    total.reordered += counts.reordered
    total.corrupted += counts.corrupted
    total.rejected += counts.rejected
    total.maxExtent = Math.max(total.maxExtent, counts.maxExtent)
  }
  return total
}

/** Findings as "violation duplicate meters QoS 2: 31", sorted. */
export function toldFindings({ observers: { mqtt } }: Report): string[] {
  const line = (grade: string) => (finding: { kind: string; fleet: string; qos: number; count: number }) =>
    `${grade} ${finding.kind} ${finding.fleet} QoS ${finding.qos}: ${finding.count}`
  return [
    ...(mqtt?.violations ?? []).map(line('violation')),
    ...(mqtt?.observations ?? []).map(line('observation')),
  ].sort()
}

/** The findings that the truth asks for, when the probe was granted the QoS of every message. */
export function trueFindings(
  truth: DeliveryTruth,
  fleets: readonly { name: string; devices: number }[],
): string[] {
  const findings: string[] = []
  let firstDevice = 0
  for (const { name, devices } of fleets) {
    const [from, to] = [firstDevice, firstDevice + devices]
    for (const qos of [0, 1, 2]) {
      const counts = truthOf(
        truth,
        (stream) => stream.qos === qos && stream.device >= from && stream.device < to,
      )
      const say = (grade: string, kind: string, count: number) => {
        if (count > 0) findings.push(`${grade} ${kind} ${name} QoS ${qos}: ${count}`)
      }
      say(qos === 0 ? 'observation' : 'violation', 'lost', counts.dropped)
      say(qos === 1 ? 'observation' : 'violation', 'duplicate', counts.duplicates)
      say('violation', 'reordered', counts.reordered)
    }
    firstDevice = to
  }
  return findings.sort()
}
