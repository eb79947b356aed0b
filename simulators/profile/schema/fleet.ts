import { z } from 'zod'
import { frequency } from '../quantity.ts'
import { endpointSchema } from './broker.ts'
import {
  connectProperties,
  deviceTemplate,
  deviceTopicName,
  passwordTemplate,
  qos,
  seconds,
  span,
  topicFilter,
} from './common.ts'
import { linkSchema } from './link.ts'
import { payloadSchema, publishSchema } from './publish.ts'
import { hasReferences, ruled, without } from './rules.ts'
import { isMqttString } from './topic-rules.ts'

/** Devices that one profile may have in all. */
export const MAX_DEVICES = 1_000_000

const fraction = () => z.number().min(0).max(1)

export const authSchema = z
  .strictObject({
    username: ruled(deviceTemplate(), without('username', 'clientId'), isMqttString, hasReferences)
      .describe('User name; a template that may hold a reference.')
      .meta({ examples: ['{{device}}'] })
      .optional(),
    password: passwordTemplate()
      .describe(
        `\${secret:NAME} or \${env:NAME}, alone or inside a template; never the value itself. A template without a reference is taken as it is.`,
      )
      .meta({ examples: [`\${secret:METERS}`] })
      .optional(),
  })
  .describe('Credentials of CONNECT.')

const sessionSchema = z.strictObject({
  cleanStart: z
    .boolean()
    .default(true)
    .describe('Begin without the state of an earlier session (MQTT 3.1.1: clean session).'),
  expiry: seconds(4_294_967_295)
    .prefault('0s')
    .describe('MQTT 5 session expiry interval, in whole seconds.')
    .meta({ examples: ['1h'] }),
  keepAlive: seconds(65_535).prefault('60s').describe('Keep-alive, in whole seconds; "0s" turns it off.'),
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
  userProperties: connectProperties().optional(),
})

const willSchema = z.strictObject({
  topic: deviceTopicName()
    .describe('Topic of the will; a template.')
    .meta({ examples: ['state/{{device}}'] }),
  payload: payloadSchema
    .prefault({ text: '' })
    .describe('Payload of the will: json, csv, text or binary. It carries no marker.'),
  qos: qos().default(0).describe('QoS of the will.'),
  retain: z.boolean().default(false).describe('Retain the will.'),
  delay: seconds(4_294_967_295)
    .prefault('0s')
    .describe('MQTT 5 will delay interval, in whole seconds.')
    .meta({ examples: ['5s'] }),
})

const connectSchema = z.strictObject({
  rate: frequency()
    .refine((hz) => hz > 0, { error: 'must be above zero' })
    .prefault('100/s')
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
    .prefault('10s')
    .describe('Time from the first SYN to CONNACK after which an attempt has failed.'),
})

const policy = <const Name extends string>(name: Name) =>
  z.literal(name).describe('"none", "fixed" or "exponential".')

const reconnectSchema = z
  .discriminatedUnion('policy', [
    z.strictObject({ policy: policy('none') }).describe('A device that lost its connection stays away.'),
    z
      .strictObject({
        policy: policy('fixed'),
        delay: span().prefault('1s').describe('Delay before each attempt.'),
        jitter: fraction().default(0).describe('Share of each delay that is random.'),
      })
      .describe('The same delay before every attempt.'),
    z
      .strictObject({
        policy: policy('exponential'),
        min: span().prefault('1s').describe('Delay before the first attempt.'),
        max: span().prefault('60s').describe('Longest delay.'),
        jitter: fraction().default(0.5).describe('Share of each delay that is random.'),
      })
      .describe('Delays that double from "min" to "max".'),
  ])
  .describe('How a device comes back after its connection broke.')
  .meta({ examples: [{ policy: 'fixed', delay: '5s' }] })

const offlineSchema = z
  .union([
    z.literal('drop'),
    z.strictObject({
      store: z.int().min(1).max(1_000_000).default(100).describe('Messages that one device keeps at most.'),
      full: z
        .enum(['drop-oldest', 'drop-newest'])
        .default('drop-oldest')
        .describe('Which message goes when the store is full.'),
    }),
  ])
  .describe('What happens to messages that are due while a device cannot send: "drop", or store and forward.')
  .meta({ examples: ['drop'] })

const subscriptionSchema = z.strictObject({
  topic: topicFilter()
    .describe('Topic filter; a template. Wildcards + and # and $share/NAME/ are welcome.')
    .meta({ examples: ['cmd/{{device}}'] }),
  qos: qos().default(0).describe('Highest QoS asked for.'),
})

export const fleetSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9_-]{0,62}$/, {
      error: ({ input }) =>
        `${JSON.stringify(input)} is no name of a fleet; it begins with a letter and holds letters, digits, - and _ only`,
    })
    .describe('Name in reports, thresholds and {{fleet}}. fleet1, fleet2 and so on when left out.')
    .meta({ examples: ['meters'] })
    .optional(),
  count: z
    .int()
    .min(1)
    .max(MAX_DEVICES)
    .describe('Number of devices.')
    .meta({ examples: [500] }),
  firstIndex: z.int().min(0).max(1_000_000_000).default(0).describe('{{index}} of the first device.'),
  clientId: ruled(deviceTemplate(256).min(1), without('clientId'), isMqttString)
    .default('{{device}}-{{run}}')
    .describe('Client id; a template. No two devices of a broker may have the same.'),
  auth: authSchema.optional(),
  broker: endpointSchema.describe('What differs from the broker of the profile for this fleet.').optional(),
  session: sessionSchema.prefault({}).describe('The MQTT session of each device.'),
  will: willSchema
    .describe('Message that the broker publishes when a device vanishes without DISCONNECT.')
    .optional(),
  connect: connectSchema.prefault({}).describe('How fast the devices of the fleet connect.'),
  reconnect: reconnectSchema.prefault({ policy: 'exponential' }),
  offline: offlineSchema.prefault({}),
  link: linkSchema.optional(),
  publish: z
    .array(publishSchema)
    .max(64)
    .prefault([])
    .describe('What each device publishes; every entry is a schedule of its own.'),
  subscribe: z
    .array(subscriptionSchema)
    .max(64)
    .default([])
    .describe('What each device subscribes to; arrivals are counted per device.'),
})

export type AuthSettings = z.output<typeof authSchema>
export type FleetSettings = z.output<typeof fleetSchema>
export type SessionSettings = z.output<typeof sessionSchema>
export type WillSettings = z.output<typeof willSchema>
export type ReconnectSettings = z.output<typeof reconnectSchema>
export type OfflineSettings = z.output<typeof offlineSchema>
