import { z } from 'zod'
import { duration, frequency } from '../quantity.ts'
import { publishProperties, qos, seconds, span, template, topicName } from './common.ts'
import { jsonTemplate } from './json-template.ts'
import { isInsideFolder, ruled } from './rules.ts'
import { isMqttString } from './topic-rules.ts'

const weight = () => z.number().min(0).max(1_000_000)

const mixedQos = z
  .strictObject({ '0': weight().optional(), '1': weight().optional(), '2': weight().optional() })
  .refine((weights) => Object.values(weights).some((value) => (value ?? 0) > 0), {
    error: 'at least one weight must be above zero',
  })
  .transform((weights): readonly [number, number, number] => [
    weights['0'] ?? 0,
    weights['1'] ?? 0,
    weights['2'] ?? 0,
  ])

const arrival = z
  .union([
    z.literal('constant'),
    z.literal('jitter'),
    z.literal('poisson'),
    z.strictObject({
      burst: z
        .int()
        .min(1)
        .max(100_000)
        .describe('Messages in each burst; `every` is then the time from burst to burst.'),
      spacing: duration().prefault('0ms').describe('Time between the messages of one burst.'),
    }),
  ])
  .describe(
    'When messages are due: evenly, once at a random point of each period, as a Poisson process, or in bursts.',
  )
  .meta({ examples: ['poisson', { burst: 10, spacing: '20ms' }] })

const size = () => z.int().min(0).max(16_777_216)

const binarySchema = z
  .union([
    z.strictObject({ size: size().describe('Random bytes of this size.') }),
    z.strictObject({
      hex: z
        .string()
        .regex(/^([0-9a-fA-F]{2})*$/, { error: 'holds what is no pair of hexadecimal digits' })
        .describe('These very bytes, two hexadecimal digits each.'),
    }),
    z.strictObject({ base64: z.base64().describe('These very bytes in base64.') }),
  ])
  .describe('Random bytes of a size, or these very bytes.')
  .meta({ examples: [{ size: 64 }, { hex: '01ff' }] })

const replaySchema = z.strictObject({
  file: ruled(z.string().min(1).max(1_024), isInsideFolder)
    .describe('CSV or NDJSON file, beside the profile or in a folder below it.')
    .meta({ examples: ['data/trace.csv'] }),
  format: z
    .enum(['csv', 'ndjson'])
    .optional()
    .describe('From the file name when left out.')
    .meta({ examples: ['csv'] }),
  header: z
    .boolean()
    .default(true)
    .describe('CSV: the first line names the columns and rows become JSON objects; without, rows stay CSV.'),
  from: z
    .enum(['start', 'device'])
    .default('start')
    .describe('Every device starts with the first row, or each at its own offset.'),
  loop: z
    .boolean()
    .default(true)
    .describe('Begin again after the last row; otherwise the device falls silent.'),
})

/** What a message carries. Exactly one kind. */
export const payloadSchema = z
  .union([
    z.strictObject({
      json: jsonTemplate()
        .describe(
          'Any JSON; strings in it are templates. A string that is one numeric variable becomes a number.',
        )
        .meta({ examples: [{ at: '{{iso}}', temperature: '{{walk 21 0.2}}', unit: 'C' }] }),
    }),
    z.strictObject({
      csv: z
        .array(template())
        .min(1)
        .max(1_000)
        .describe('One template per column.')
        .meta({ examples: [['{{device}}', '{{now}}', '{{uniform 0 100}}']] }),
    }),
    z.strictObject({
      text: template(65_536)
        .describe('A template.')
        .meta({ examples: ['{{device}} is {{pick up down}}'] }),
    }),
    z.strictObject({
      binary: binarySchema,
      marker: z
        .enum(['prefix', 'suffix'])
        .default('prefix')
        .describe('Where the marker stands in the payload.'),
    }),
    z.strictObject({ replay: replaySchema.describe('Rows of a file, one per message.') }),
  ])
  .describe('Payload: exactly one of json, csv, text, binary and replay. Only the marker when left out.')
  .meta({ examples: [{ text: '{{now}}' }] })

export const publishSchema = z
  .strictObject({
    topic: topicName()
      .describe('Topic; a template.')
      .meta({ examples: ['site/{{device}}/telemetry'] }),
    qos: z
      .union([qos(), mixedQos])
      .prefault(0)
      .describe('0, 1 or 2, or weights such as { "0": 70, "1": 30 }.')
      .meta({ examples: [1, { '0': 70, '1': 30 }] }),
    every: span()
      .describe('Time from message to message of one device. Exactly one of `every` and `rate`.')
      .meta({ examples: ['10s'] })
      .optional(),
    rate: frequency()
      .refine((hz) => hz > 0, { error: 'must be above zero' })
      .describe('Messages per device in a time; instead of `every`.')
      .meta({ examples: ['5/s'] })
      .optional(),
    arrival: arrival.prefault('constant'),
    limit: z
      .int()
      .min(1)
      .describe('Messages after which a device stops publishing here.')
      .meta({ examples: [1_000] })
      .optional(),
    retain: z.boolean().default(false).describe('Ask the broker to retain each message.'),
    payload: payloadSchema.optional(),
    marker: z
      .enum(['payload', 'property', 'both', 'none'])
      .default('payload')
      .describe(
        'Where the identity of each message travels: in the payload, in an MQTT 5 user property, both, or nowhere (then delivery is not judged).',
      ),
    userProperties: publishProperties().optional(),
    contentType: ruled(z.string().max(256), isMqttString)
      .describe('MQTT 5 content type.')
      .meta({ examples: ['application/json'] })
      .optional(),
    messageExpiry: seconds(4_294_967_295)
      .refine((ms) => ms > 0, { error: 'must be longer than zero' })
      .describe('MQTT 5 message expiry interval, in whole seconds.')
      .meta({ examples: ['1m'] })
      .optional(),
  })
  .refine((publish) => (publish.every === undefined) !== (publish.rate === undefined), {
    error: 'needs exactly one of "every" and "rate"',
    params: { hint: 'Write "every": "1s", or "rate": "1/s".' },
  })

export type PayloadSettings = z.output<typeof payloadSchema>
export type PublishSettings = z.output<typeof publishSchema>
export type ArrivalSettings = PublishSettings['arrival']
