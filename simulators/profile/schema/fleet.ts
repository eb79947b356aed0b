import { z } from 'zod'
import { duration, frequency } from '../quantity.ts'
import { endpointSchema } from './broker.ts'
import { qos, secretTemplate, span, template, userProperties } from './common.ts'
import { payloadSchema, publishSchema } from './publish.ts'

const fraction = () => z.number().min(0).max(1)

export const authSchema = z.strictObject({
  username: template().optional(),
  password: secretTemplate()
    .describe('${secret:NAME} or ${env:NAME}, alone or inside a template; never the value itself.')
    .optional(),
})

const sessionSchema = z.strictObject({
  cleanStart: z
    .boolean()
    .default(true)
    .describe('Begin without the state of an earlier session (MQTT 3.1.1: clean session).'),
  expiry: duration().default(0).describe('MQTT 5 session expiry interval, in whole seconds.'),
  keepAlive: duration().default(60_000).describe('Keep-alive, in whole seconds; "0s" turns it off.'),
  receiveMaximum: z
    .int()
    .min(1)
    .max(65_535)
    .describe('MQTT 5 Receive Maximum that the device announces.')
    .optional(),
  inFlight: z
    .int()
    .min(1)
    .max(65_535)
    .default(20)
    .describe(
      'QoS 1 and 2 messages that a device keeps unacknowledged at most; the Receive Maximum of the broker lowers it.',
    ),
  topicAliases: z
    .int()
    .min(0)
    .max(65_535)
    .default(0)
    .describe('MQTT 5 topic aliases to use at most; the Topic Alias Maximum of the broker lowers it.'),
  userProperties: userProperties().optional(),
})

const willSchema = z.strictObject({
  topic: template().min(1),
  payload: payloadSchema.default({ text: '' }),
  qos: qos().default(0),
  retain: z.boolean().default(false),
  delay: duration().default(0).describe('MQTT 5 will delay interval, in whole seconds.'),
})

const connectSchema = z.strictObject({
  rate: frequency()
    .refine((hz) => hz > 0, { error: 'must be above zero' })
    .default(100)
    .describe('New connections of this fleet per second at most.'),
  inFlight: z
    .int()
    .min(1)
    .max(10_000)
    .default(64)
    .describe(
      'Connections of one shard being made at the same time; many brokers listen with a backlog of about 100.',
    ),
  timeout: span()
    .default(10_000)
    .describe('Time from the first SYN to CONNACK after which an attempt has failed.'),
})

const reconnectSchema = z.discriminatedUnion('policy', [
  z.strictObject({ policy: z.literal('none') }),
  z.strictObject({ policy: z.literal('fixed'), delay: span().default(1_000), jitter: fraction().default(0) }),
  z.strictObject({
    policy: z.literal('exponential'),
    min: span().default(1_000),
    max: span().default(60_000),
    jitter: fraction().default(0.5).describe('Share of each delay that is random.'),
  }),
])

const offlineSchema = z
  .union([
    z.literal('drop'),
    z.strictObject({
      store: z.int().min(1).max(1_000_000).default(100).describe('Messages that one device keeps at most.'),
      full: z.enum(['drop-oldest', 'drop-newest']).default('drop-oldest'),
    }),
  ])
  .describe('What happens to messages that are due while a device cannot send.')

export const fleetSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9_-]{0,62}$/, {
      error: 'begins with a letter and holds letters, digits, - and _ only',
    })
    .optional(),
  count: z.int().min(1).max(1_000_000).describe('Number of devices.'),
  firstIndex: z.int().min(0).max(1_000_000_000).default(0).describe('{{index}} of the first device.'),
  clientId: template(256).default('{{device}}-{{run}}'),
  auth: authSchema.optional(),
  broker: endpointSchema.describe('What differs from the broker of the profile for this fleet.').optional(),
  session: sessionSchema.prefault({}),
  will: willSchema.optional(),
  connect: connectSchema.prefault({}),
  reconnect: reconnectSchema.default({ policy: 'exponential', min: 1_000, max: 60_000, jitter: 0.5 }),
  offline: offlineSchema.default({ store: 100, full: 'drop-oldest' }),
  publish: z.array(publishSchema).max(64).default([]),
  subscribe: z
    .array(z.strictObject({ topic: template().min(1), qos: qos().default(0) }))
    .max(64)
    .default([]),
})

export type AuthSettings = z.output<typeof authSchema>
export type FleetSettings = z.output<typeof fleetSchema>
export type SessionSettings = z.output<typeof sessionSchema>
export type WillSettings = z.output<typeof willSchema>
export type ReconnectSettings = z.output<typeof reconnectSchema>
export type OfflineSettings = z.output<typeof offlineSchema>
