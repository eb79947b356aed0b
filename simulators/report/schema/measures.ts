import { z } from 'zod'
import { count } from './books.ts'

const ms = () => z.number().min(0)

const percentilesSchema = z
  .strictObject({
    count: count(),
    min: ms(),
    p50: ms(),
    p90: ms(),
    p95: ms(),
    p99: ms(),
    p999: ms(),
    max: ms(),
    mean: ms(),
    negative: count().describe('Values below zero: a clock problem; kept out of the percentiles.'),
  })
  .meta({ id: 'Percentiles', description: 'In milliseconds; all zero when count is.' })

export const latencySchema = z
  .strictObject({
    connect: percentilesSchema.describe('From the first packet of an attempt to CONNACK, ms.'),
    ack: percentilesSchema.describe('From hand-over to the link to the final acknowledgement, ms.'),
    e2eFromIntended: percentilesSchema.describe(
      'From the intended time to the probe, ms: what a user feels.',
    ),
    e2eFromSent: percentilesSchema.describe('From hand-over to the link to the probe, ms.'),
  })
  .meta({ id: 'Latency' })

export const generatorSchema = z
  .strictObject({
    behind: count().describe('Messages handed over later than intended because of this machine.'),
    behindShare: z.number().min(0).max(1),
    lateness: percentilesSchema.describe('Lateness of the schedule itself, ms.'),
    eventLoopDelayP99Ms: ms(),
    saturated: z.boolean(),
    bindingLimit: z.string().nullable().describe('The limit that binds, in words, when saturated.'),
    shards: z.array(
      z.strictObject({
        shard: count(),
        devices: count(),
        cpu: z.number().min(0).describe('Share of one core over the run.'),
        memoryBytes: z.number().min(0),
        eventLoopDelayP99Ms: ms(),
        ended: z.enum(['normally', 'killed']),
      }),
    ),
  })
  .describe('How well this machine kept up.')

export const thresholdResultSchema = z.strictObject({
  check: z.string(),
  after: z.number().min(0).describe('Warm-up left out, ms.'),
  ok: z.boolean().nullable().describe('null: there was nothing to judge.'),
  actual: z.string(),
  explanation: z.string(),
})

const perSecond = () => z.number().min(0)

const pointSchema = z
  .strictObject({
    t: z.number().describe('Seconds since the start of the run.'),
    target: perSecond(),
    generated: perSecond(),
    sent: perSecond(),
    acked: perSecond(),
    delivered: perSecond(),
    connected: count(),
    behind: z.number().min(0),
    ackP50: ms().nullable(),
    ackP99: ms().nullable(),
    e2eP50: ms().nullable(),
    e2eP99: ms().nullable(),
  })
  .meta({ id: 'SeriesPoint' })

export const seriesSchema = z
  .strictObject({
    intervalS: z.number().gt(0).describe('Seconds from point to point.'),
    points: z.array(pointSchema).describe('All fleets together.'),
    perFleet: z.record(z.string(), z.array(pointSchema)),
  })
  .describe('Rates per second, latencies in ms; null where nothing was measured.')
