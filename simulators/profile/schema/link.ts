import { z } from 'zod'
import { parseNetem } from '../../link/netem.ts'
import { PRESET_NAMES } from '../../link/presets.ts'
import { THROTTLING_NAMES } from '../../link/throttling.ts'
import { bitRate, byteSize, duration, share } from '../quantity.ts'
import { span } from './common.ts'
import { isInsideFolder, ruled } from './rules.ts'

const part = () => share().refine((value) => value <= 1, { error: 'must be at most "100%"' })

const laneSchema = z.strictObject({
  netem: z
    .string()
    .max(500)
    .superRefine((command, context) => {
      for (const message of parseNetem(command).problems) context.addIssue({ code: 'custom', message })
    })
    .describe('Settings in the words of tc-netem, as a start; what stands beside it wins.')
    .meta({ examples: ['delay 100ms 20ms loss 1% rate 1mbit'] })
    .optional(),
  rate: z
    .union([
      z.literal('unlimited').transform(() => Number.POSITIVE_INFINITY),
      bitRate().refine((bitS) => bitS >= 100, {
        error: 'must be at least "100bit/s"; for no traffic at all use an outage',
      }),
    ])
    .describe('Bit rate on the wire, overhead included; "unlimited" for none.')
    .meta({ examples: ['20kbit/s'] })
    .optional(),
  burst: byteSize()
    .describe('Bytes that pass at once after a rest.')
    .meta({ examples: ['3KB'] })
    .optional(),
  delay: duration()
    .describe('Delay one way; a round trip takes both directions.')
    .meta({ examples: ['50ms'] })
    .optional(),
  jitter: duration()
    .describe('Standard deviation of the delay; half the width of a uniform one. Bytes are never reordered.')
    .meta({ examples: ['10ms'] })
    .optional(),
  distribution: z
    .union([
      z.enum(['uniform', 'normal', 'pareto', 'paretonormal', 'lognormal']),
      z.strictObject({
        table: z
          .array(z.number().min(-1_000).max(1_000))
          .min(2)
          .max(4_096)
          .refine((table) => table.every((value, place) => value >= (table[place - 1] ?? value)), {
            error: 'must ascend: a table holds quantiles',
          })
          .describe('Quantiles, evenly spaced, in units of the jitter.'),
      }),
    ])
    .describe('Shape of the jitter.')
    .meta({ examples: ['normal'] })
    .optional(),
  correlation: part()
    .refine((value) => value < 1, { error: 'must be below "100%"' })
    .describe('How much each delay takes after the one before.')
    .meta({ examples: ['25%'] })
    .optional(),
  loss: z
    .union([
      part().transform((value) => (value > 0 ? { share: value } : undefined)),
      z
        .strictObject({
          meanGood: span().describe('Mean length of a good spell.'),
          meanBad: span().describe('Mean length of a bad spell.'),
          good: part().prefault('0%').describe('Packets lost in a good spell.'),
          bad: part().prefault('100%').describe('Packets lost in a bad spell.'),
        })
        .transform(({ meanGood, meanBad, good, bad }) => ({
          meanGoodMs: meanGood,
          meanBadMs: meanBad,
          goodShare: good,
          badShare: bad,
        })),
    ])
    .describe('Packets lost, evenly or in bursts. TCP sends them again: bytes come late, never not at all.')
    .meta({ examples: ['1%', { meanGood: '10s', meanBad: '500ms', bad: '50%' }] })
    .optional(),
  queue: z
    .union([
      duration()
        .refine((ms) => ms > 0, { error: 'must be longer than zero' })
        .transform((ms) => ({ ms })),
      byteSize()
        .refine((bytes) => bytes > 0, { error: 'must be above zero' })
        .transform((bytes) => ({ bytes })),
    ])
    .describe('What may wait, as a size or as a time at the rate. Then the device is held back.')
    .meta({ examples: ['64KB', '500ms'] })
    .optional(),
  mtu: byteSize()
    .refine((bytes) => bytes >= 68 && bytes <= 65_535, { error: 'must be between "68B" and "65535B"' })
    .describe('Longest IP packet.')
    .meta({ examples: ['1500B'] })
    .optional(),
  overhead: byteSize()
    .refine((bytes) => bytes <= 1_000, { error: 'must be at most "1000B"' })
    .describe('Bytes on the wire per packet beside the payload: 40B for IPv4 and TCP.')
    .meta({ examples: ['52B'] })
    .optional(),
  trace: ruled(z.string().min(1).max(1_024), isInsideFolder)
    .describe('CSV file (time, rate, delay, loss) or Mahimahi trace to follow, over and over.')
    .meta({ examples: ['traces/drive.csv'] })
    .optional(),
})

const tcpStack = () => z.enum(['linux', 'rfc6298', 'constrained'])

const outagesSchema = z
  .union([
    z.strictObject({
      kind: z
        .enum(['blackhole', 'reset'])
        .default('blackhole')
        .describe('Silent, or with a reset at its start.'),
      meanUp: span().describe('Mean time without an outage.'),
      meanDown: span().describe('Mean length of an outage.'),
    }),
    z.strictObject({
      kind: z
        .enum(['blackhole', 'reset'])
        .default('blackhole')
        .describe('Silent, or with a reset at its start.'),
      schedule: z
        .array(
          z.strictObject({
            at: duration().describe('Time since the start of the run.'),
            for: span().describe('How long it lasts.'),
          }),
        )
        .min(1)
        .max(1_000)
        .refine(
          (outages) =>
            outages.every(({ at }, place) => {
              const before = outages[place - 1]
              return before === undefined || at > before.at + before.for
            }),
          { error: 'must be in order of time and apart from each other' },
        )
        .describe('When each outage begins and how long it lasts.'),
    }),
  ])
  .describe('Spells in which nothing passes.')
  .meta({ examples: [{ meanUp: '10m', meanDown: '20s' }, { schedule: [{ at: '2m', for: '30s' }] }] })

/** The access network of a device: a preset and what differs from it, or everything by hand. */
export const linkSettingSchema = z
  .strictObject({
    use: z
      .enum([...PRESET_NAMES, ...THROTTLING_NAMES])
      .describe("Preset to start from, or the name of a browser's throttling; docs/links.md has them.")
      .optional(),
    weight: z
      .number()
      .min(0)
      .max(1_000_000)
      .default(1)
      .describe('Share of the devices of the fleet, when there are several links.'),
    up: laneSchema.describe('From the device.').optional(),
    down: laneSchema.describe('To the device.').optional(),
    spread: part()
      .prefault('0%')
      .describe('How far the rates and delays of single devices lie to either side, so that none are clones.')
      .meta({ examples: ['10%'] }),
    halfDuplex: z.boolean().describe('Both directions share one channel.').optional(),
    handshake: z
      .number()
      .min(0)
      .max(10)
      .describe('Round trips before the first byte; TCP takes 1.')
      .optional(),
    tcp: z
      .strictObject({
        device: tcpStack().default('linux').describe('How the device sends again what is lost.'),
        server: tcpStack().default('linux').describe('How the broker does.'),
        congestion: z.enum(['cubic', 'reno']).default('cubic').describe('Congestion control.'),
      })
      .describe('What TCP makes of loss.')
      .optional(),
    promotion: z
      .strictObject({
        idle: span().describe('Silence after which the radio gives up its channel.'),
        delay: span().describe('Time to get one again.'),
      })
      .describe('What the first packet after a silence pays.')
      .optional(),
    dutyCycle: z
      .strictObject({
        every: span().describe('Period.'),
        awake: span().describe('Time awake at the start of each.'),
      })
      .refine(({ every, awake }) => awake < every, {
        error: 'must sleep: "awake" must be shorter than "every"',
      })
      .describe('The radio sleeps between; what comes in waits.')
      .optional(),
    nat: z
      .strictObject({
        idle: span().describe('Silence after which the connection is forgotten.'),
        kind: z.enum(['blackhole', 'reset']).default('blackhole').describe('What happens to later packets.'),
      })
      .describe('A NAT or firewall that forgets idle connections.')
      .optional(),
    outages: outagesSchema.optional(),
    cell: z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9_-]{0,62}$/, {
        error: ({ input }) => `${JSON.stringify(input)} is no name of a cell`,
      })
      .describe('Cell that the link is part of.')
      .meta({ examples: ['tower-7'] })
      .optional(),
  })
  .describe('The emulated access network of a device.')
  .meta({ examples: [{ use: 'lte-m' }] })

/** The links of a fleet: one for all its devices, or several by weight. */
export const linkSchema = z
  .union([
    linkSettingSchema.transform((setting) => [setting]),
    z
      .array(linkSettingSchema)
      .min(1)
      .max(32)
      .refine((links) => links.some(({ weight }) => weight > 0), {
        error: 'at least one weight must be above zero',
      }),
  ])
  .describe('Emulated access network of each device: one, or several by weight. None when left out.')
  .meta({
    examples: [
      [
        { use: 'lte-m', weight: 70 },
        { use: 'nb-iot', weight: 30, up: { rate: '20kbit/s' } },
      ],
    ],
  })

/** A bottleneck that the links of several devices share. */
export const cellSchema = z
  .strictObject({
    up: bitRate()
      .refine((bitS) => bitS > 0, { error: 'must be above zero' })
      .describe('Bit rate from the devices, all together.')
      .meta({ examples: ['10Mbit/s'] }),
    down: bitRate()
      .refine((bitS) => bitS > 0, { error: 'must be above zero' })
      .describe('Bit rate to the devices, all together.')
      .meta({ examples: ['30Mbit/s'] }),
  })
  .describe('A cell: what several links share, fair among those that have something to send.')

export type LaneSettings = z.output<typeof laneSchema>
export type LinkSettings = z.output<typeof linkSettingSchema>
export type LinkInput = z.input<typeof linkSchema>
export type CellSettings = z.output<typeof cellSchema>
