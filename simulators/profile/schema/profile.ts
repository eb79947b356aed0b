import { z } from 'zod'
import { duration, share } from '../quantity.ts'
import { endpointSchema, tlsSchema } from './broker.ts'
import { qos, span } from './common.ts'
import { authSchema, fleetSchema } from './fleet.ts'

export const PROFILE_VERSION = 1

const stageSchema = z
  .strictObject({
    for: span(),
    devices: share()
      .refine((value) => value <= 1, { error: 'must be at most "100%"' })
      .describe(
        'Share of each fleet that is connected at the end of the stage; reached in a straight line, never faster than connect.rate. As before when left out.',
      )
      .optional(),
    rate: z
      .number()
      .min(0)
      .max(1_000)
      .describe('Factor on every publish rate during the stage. As before when left out.')
      .optional(),
  })
  .describe('A span of the run.')

const probeSchema = z.strictObject({
  qos: qos().describe('QoS of its subscriptions. The highest that is published when left out.').optional(),
  connections: z
    .int()
    .min(1)
    .max(64)
    .describe('Connections to spread the topics over; no stream is split. Chosen by load when left out.')
    .optional(),
  clientId: z.string().max(256).optional(),
  auth: authSchema.optional(),
  tls: tlsSchema.optional(),
})

const thresholdSchema = z.union([
  z.string().min(1).max(256),
  z.strictObject({
    check: z.string().min(1).max(256),
    after: span().describe('Warm-up that this threshold leaves out.'),
  }),
])

export const profileSchema = z.strictObject({
  $schema: z.string().optional(),
  version: z.literal(PROFILE_VERSION),
  name: z.string().min(1).max(120).optional(),
  description: z.string().max(4_096).optional(),
  seed: z.int().min(0).max(4_294_967_295).default(1).describe('Same seed, same plan and same payload bytes.'),
  broker: endpointSchema.prefault({}),
  fleets: z.array(fleetSchema).min(1).max(64),
  stages: z.array(stageSchema).min(1).max(100).optional(),
  observe: z.strictObject({ probe: z.union([probeSchema, z.literal(false)]).prefault({}) }).prefault({}),
  drain: z
    .strictObject({
      grace: duration()
        .default(10_000)
        .describe('Time after the last message before anything is called lost.'),
      quiet: duration().default(2_000).describe('Time without any arrival before the drain may end.'),
    })
    .prefault({}),
  thresholds: z.array(thresholdSchema).max(100).default([]),
})

/** A profile as the engine uses it: defaults filled in, durations in ms, rates in Hz, shares as fractions. */
export type Profile = z.output<typeof profileSchema>
/** A profile as it stands in the file. */
export type ProfileInput = z.input<typeof profileSchema>
export type StageSettings = z.output<typeof stageSchema>
export type ProbeSettings = z.output<typeof probeSchema>
export type ThresholdSettings = z.output<typeof thresholdSchema>
