import { z } from 'zod'
import { duration, frequency } from '../quantity.ts'
import { filePath, qos, span, template, userProperties } from './common.ts'

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
      spacing: duration().default(0).describe('Time between the messages of one burst.'),
    }),
  ])
  .describe(
    'When messages are due: evenly, once at a random point of each period, as a Poisson process, or in bursts.',
  )

const size = () => z.int().min(0).max(16_777_216)

/** What a message carries. Exactly one kind. */
export const payloadSchema = z
  .union([
    z.strictObject({
      json: z
        .json()
        .describe(
          'Any JSON; strings in it are templates. A string that is one numeric variable becomes a number.',
        ),
    }),
    z.strictObject({ csv: z.array(template()).min(1).max(1_000).describe('One template per column.') }),
    z.strictObject({ text: template(65_536) }),
    z.strictObject({
      binary: z
        .union([
          z.strictObject({ size: size() }),
          z.strictObject({ hex: z.string().regex(/^([0-9a-fA-F]{2})*$/) }),
          z.strictObject({ base64: z.base64() }),
        ])
        .describe('Random bytes of a size, or these very bytes.'),
      marker: z
        .enum(['prefix', 'suffix'])
        .default('prefix')
        .describe('Where the marker stands in the payload.'),
    }),
    z.strictObject({
      replay: z.strictObject({
        file: filePath(),
        format: z.enum(['csv', 'ndjson']).optional().describe('From the file name when left out.'),
        header: z
          .boolean()
          .default(true)
          .describe(
            'CSV: the first line names the columns and rows become JSON objects; without, rows stay CSV.',
          ),
        from: z
          .enum(['start', 'device'])
          .default('start')
          .describe('Every device starts with the first row, or each at its own offset.'),
        loop: z
          .boolean()
          .default(true)
          .describe('Begin again after the last row; otherwise the device falls silent.'),
      }),
    }),
  ])
  .describe('Payload: json, csv, text, binary or replay.')

export const publishSchema = z
  .strictObject({
    topic: template().min(1).describe('Topic template.'),
    qos: z
      .union([qos(), mixedQos])
      .default(0)
      .describe('0, 1 or 2, or weights such as { "0": 70, "1": 30 }.'),
    every: span().describe('Time from message to message of one device.').optional(),
    rate: frequency()
      .refine((hz) => hz > 0, { error: 'must be above zero' })
      .describe('Messages per device in a time, as "5/s"; instead of `every`.')
      .optional(),
    arrival: arrival.default('constant'),
    limit: z.int().min(1).describe('Messages after which a device stops publishing here.').optional(),
    retain: z.boolean().default(false),
    payload: payloadSchema.optional(),
    marker: z
      .enum(['payload', 'property', 'both', 'none'])
      .default('payload')
      .describe(
        'Where the identity of each message travels: in the payload, in an MQTT 5 user property, both, or nowhere (then delivery is not judged).',
      ),
    userProperties: userProperties().optional(),
    contentType: z.string().max(256).optional(),
    messageExpiry: span().describe('MQTT 5 message expiry interval, in whole seconds.').optional(),
  })
  .refine((publish) => (publish.every === undefined) !== (publish.rate === undefined), {
    error: 'needs exactly one of "every" and "rate"',
  })

export type PayloadSettings = z.output<typeof payloadSchema>
export type PublishSettings = z.output<typeof publishSchema>
export type ArrivalSettings = PublishSettings['arrival']
