import { z } from 'zod'
import { duration, share } from '../quantity.ts'
import { endpointSchema, tlsSchema } from './broker.ts'
import { qos, span } from './common.ts'
import { authSchema, fleetSchema } from './fleet.ts'
import { cellSchema } from './link.ts'
import { ruled } from './rules.ts'
import { isMqttString } from './topic-rules.ts'

export const PROFILE_VERSION = 1

const stageSchema = z
  .strictObject({
    for: span()
      .describe('How long the stage lasts.')
      .meta({ examples: ['60s'] }),
    devices: share()
      .refine((value) => value <= 1, { error: 'must be at most "100%"' })
      .describe(
        'Share of each fleet that is connected at the end of the stage; reached in a straight line, never faster than connect.rate. As before when left out; a first stage without it connects all devices as fast as connect.rate allows.',
      )
      .meta({ examples: ['100%'] })
      .optional(),
    rate: z
      .number()
      .min(0)
      .max(1_000)
      .describe(
        'Factor on every publish rate from the start of the stage. As before when left out, 1 at first.',
      )
      .meta({ examples: [3] })
      .optional(),
  })
  .describe('A span of the run.')

const probeSchema = z.strictObject({
  qos: qos()
    .describe('QoS of its subscriptions. The highest that is published when left out.')
    .meta({ examples: [1] })
    .optional(),
  connections: z
    .int()
    .min(1)
    .max(64)
    .describe('Connections to spread the topics over; no stream is split. Chosen by load when left out.')
    .meta({ examples: [4] })
    .optional(),
  clientId: ruled(z.string().min(1).max(256), isMqttString)
    .describe('Client id; further connections add a number. Made from the run when left out.')
    .meta({ examples: ['flotilla-probe'] })
    .optional(),
  auth: authSchema.optional(),
  tls: tlsSchema.optional(),
})

const thresholdSchema = z
  .union([
    z.string().min(1).max(256),
    z.strictObject({
      check: z
        .string()
        .min(1)
        .max(256)
        .describe('The condition.')
        .meta({ examples: ['e2e.p99 < 250ms'] }),
      after: span()
        .describe('Warm-up that this threshold leaves out.')
        .meta({ examples: ['30s'] }),
    }),
  ])
  .describe('A condition that the run must meet.')
  .meta({ examples: ['lost == 0'] })

export const profileSchema = z.strictObject({
  $schema: z
    .string()
    .max(2_048)
    .describe('Path of the JSON Schema, for editors. Flotilla does not read it.')
    .meta({ examples: ['../schema/profile.schema.json'] })
    .optional(),
  version: z.literal(PROFILE_VERSION).describe('Version of the profile format.'),
  name: z
    .string()
    .min(1)
    .max(120)
    .describe('Name in reports. The name of the file when left out.')
    .meta({ examples: ['Line 3 meters'] })
    .optional(),
  description: z
    .string()
    .max(4_096)
    .describe('What the test is for.')
    .meta({ examples: ['500 meters over a flaky uplink'] })
    .optional(),
  seed: z.int().min(0).max(4_294_967_295).default(1).describe('Same seed, same plan and same payload bytes.'),
  broker: endpointSchema.prefault({}).describe('The broker under test. The embedded one when left out.'),
  fleets: z.array(fleetSchema).min(1).max(64).describe('One fleet or more.'),
  cells: z
    .record(z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,62}$/), cellSchema)
    .default({})
    .describe('Bottlenecks that several links share, by name; each shard has an even part of them.'),
  stages: z
    .array(stageSchema)
    .min(1)
    .max(100)
    .describe('The course of the run. One stage of 30 s when left out.')
    .meta({ examples: [[{ for: '60s', devices: '100%' }, { for: '10m' }, { for: '2m', rate: 3 }]] })
    .optional(),
  observe: z
    .strictObject({
      probe: z
        .union([probeSchema, z.literal(false)])
        .prefault({})
        .describe('The MQTT subscriber of Flotilla that sees what arrives. false turns it off.'),
    })
    .prefault({})
    .describe('Who watches what arrives.'),
  drain: z
    .strictObject({
      grace: duration()
        .prefault('10s')
        .describe('Time after the last message before anything is called lost.'),
      quiet: duration().prefault('2s').describe('Time without any arrival before the drain may end.'),
    })
    .prefault({})
    .describe('The end of a run, when late messages may still arrive.'),
  thresholds: z
    .array(thresholdSchema)
    .max(100)
    .prefault([])
    .describe('Conditions over metrics that make the run pass or fail.')
    .meta({ examples: [['lost == 0', 'e2e.p99 < 250ms']] }),
})

/** A profile as the engine uses it: defaults filled in, durations in ms, rates in Hz, shares as fractions. */
export type Profile = z.output<typeof profileSchema>
/** A profile as it stands in the file. */
export type ProfileInput = z.input<typeof profileSchema>
export type StageSettings = z.output<typeof stageSchema>
export type ProbeSettings = z.output<typeof probeSchema>
export type ThresholdSettings = z.output<typeof thresholdSchema>
