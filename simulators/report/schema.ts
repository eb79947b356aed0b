import { z } from 'zod'
import { VERDICTS } from '../delivery/types.ts'
import { attributionSchema, booksSchema, connectionsSchema, count } from './schema/books.ts'
import { environmentSchema, eventSchema, runSchema } from './schema/facts.ts'
import { generatorSchema, latencySchema, seriesSchema, thresholdResultSchema } from './schema/measures.ts'
import { fleetObserverSchema, observerSchema } from './schema/observer.ts'

export const REPORT_VERSION = 1

const fleetReportSchema = z.strictObject({
  name: z.string(),
  devices: count(),
  books: booksSchema,
  connections: connectionsSchema,
  observers: z.strictObject({ mqtt: fleetObserverSchema.nullable() }),
  attribution: attributionSchema,
  latency: latencySchema,
})

export const reportSchema = z.strictObject({
  kind: z.literal('flotilla-report'),
  version: z.literal(REPORT_VERSION),
  verdict: z.enum(VERDICTS),
  reasons: z
    .array(z.strictObject({ code: z.string(), text: z.string() }))
    .describe('Why; what decided comes first.'),
  run: runSchema,
  thresholds: z.array(thresholdResultSchema),
  books: booksSchema,
  connections: connectionsSchema,
  observers: z.strictObject({ mqtt: observerSchema.nullable().describe('null: the probe was off.') }),
  attribution: attributionSchema,
  latency: latencySchema,
  generator: generatorSchema,
  fleets: z.array(fleetReportSchema),
  series: seriesSchema,
  events: z.array(eventSchema),
  eventsDropped: count().describe('Events beyond what the report keeps.'),
  profile: z.record(z.string(), z.unknown()).describe('The profile as it was run, without secrets.'),
  environment: environmentSchema,
})

/** The result of one run: what report.json holds. */
export type Report = z.output<typeof reportSchema>
export type FleetReport = z.output<typeof fleetReportSchema>

/** JSON Schema of report.json, generated from the one source. */
export function reportJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(reportSchema, { target: 'draft-2020-12' })
  return { title: 'Flotilla report', ...schema }
}
