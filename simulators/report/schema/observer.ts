import { z } from 'zod'
import type { ViolationKind } from '../../delivery/types.ts'
import { qos } from '../../profile/schema/common.ts'
import { count } from './books.ts'

const KINDS = [
  'lost',
  'duplicate',
  'reordered',
  'corrupt',
  'phantom',
  'aborted-read',
  'no-subscribers',
] as const satisfies readonly ViolationKind[]

const findingSchema = z
  .strictObject({
    kind: z.enum(KINDS),
    fleet: z.string(),
    qos: qos(),
    count: count(),
    explanation: z.string().describe('Why this is, or is not, a broken promise.'),
    examples: z.array(z.string()).describe('Up to ten messages, as device:publish:qos:epoch:seq.'),
  })
  .meta({ id: 'Finding' })

const healthSchema = z.strictObject({
  connections: count(),
  reconnects: count(),
  blind: z
    .array(
      z.strictObject({
        fromMs: z.number(),
        toMs: z.number().nullable().describe('null: until the end of the run.'),
        why: z.string(),
      }),
    )
    .describe('Spans of the run in which it could not see.'),
  eventLoopDelayP99Ms: z.number().min(0),
  cpu: z.number().min(0).describe('Share of one core.'),
  overloaded: z.boolean().describe('It was too slow to be believed.'),
  grantedQos: qos(),
})

const judged = {
  expected: count().describe('Messages it ought to have seen: delivered + missing.'),
  delivered: count().describe('Different messages seen.'),
  missing: count().describe('Not seen: lost + unconfirmed + inconclusive.'),
  late: count().describe('Seen for the first time during the drain.'),
  lost: count().describe('Acknowledged (QoS 0: sent), absent, and the drain is complete.'),
  unconfirmed: count().describe('Missing, and never acknowledged: nobody promised them.'),
  inconclusive: count().describe('Missing, but the observer was blind when they may have passed.'),
  duplicates: count(),
  reordered: count().describe('Reordered as RFC 4737 defines it, on first receipts of a stream.'),
  maxExtent: count().describe('Largest RFC 4737 reordering extent.'),
  orderUnjudged: count().describe('First receipts whose order could not be judged.'),
  corrupt: count().describe('The payload did not match the checksum in its marker.'),
  phantom: count().describe('Seen, and never sent.'),
  abortedReads: count().describe('Rejected by the broker and delivered all the same.'),
  unresolved: count().describe('Arrivals that the bounded ledger could not tell apart.'),
  violations: z.array(findingSchema).describe('Broken promises.'),
  observations: z.array(findingSchema).describe('What the QoS and the set-up allow.'),
}

/** What an observer saw of one fleet. What names no message names no fleet either and stands in the total only. */
export const fleetObserverSchema = z.strictObject(judged)

export const observerSchema = z
  .strictObject({
    ...judged,
    foreign: count().describe('Without a marker, or with the marker of another run.'),
    damaged: count().describe('With a marker of ours that fails its own checksum.'),
    retained: count().describe('Retained copies delivered at subscription; in no other count.'),
    health: healthSchema,
  })
  .describe('What an observer saw.')
