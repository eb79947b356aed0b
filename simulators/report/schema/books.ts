import { z } from 'zod'
import type { Label } from '../../delivery/types.ts'

/** How many: a whole number from zero. */
export const count = () => z.int().min(0)

/** How many of each kind; kinds that never happened may be left out. */
export const counts = () => z.record(z.string(), count())

const LABELS = [
  'delivered',
  'not-sent',
  'sent-not-acknowledged',
  'rejected',
  'vanished-in-broker',
  'lost-at-qos-0',
  'inconclusive',
] as const satisfies readonly Label[]

export const booksSchema = z
  .strictObject({
    generated: count().describe('Messages that were due: notSent.total + sent.'),
    notSent: z.strictObject({ total: count(), byReason: counts() }).describe('Never handed to the link.'),
    sent: count().describe('Handed to the link: acked + rejected + inDoubt.'),
    acked: count().describe('Acknowledged with a success code (QoS 1 and 2).'),
    rejected: count().describe('Acknowledged with a failure code.'),
    rejectedByCode: counts(),
    inDoubt: count().describe('Without a final acknowledgement; every QoS 0 message is, by nature.'),
    inDoubtByReason: counts(),
  })
  .meta({ id: 'Books', description: 'What the generator did.' })

export const attributionSchema = z
  .record(z.enum(LABELS), count())
  .meta({ id: 'Attribution', description: 'At which stage each generated message ended.' })

export const connectionsSchema = z
  .strictObject({
    planned: count().describe('Devices that were to connect.'),
    connected: count().describe('Devices that were connected at least once.'),
    failures: count().describe('Attempts to connect that failed.'),
    disconnects: count().describe('Connections that ended without the plan asking for it.'),
    reconnects: count(),
    byReason: counts().describe('Failures and disconnects by reason, in words.'),
    received: count().describe("Messages received on the devices' own subscriptions."),
  })
  .meta({ id: 'Connections', description: 'How the devices fared as clients.' })
