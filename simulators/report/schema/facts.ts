import { z } from 'zod'
import { count } from './books.ts'

export const runSchema = z
  .strictObject({
    id: z.string(),
    name: z.string().describe('Name of the profile.'),
    startedAt: z.iso.datetime(),
    endedAt: z.iso.datetime(),
    durationMs: z.number().min(0),
    interrupted: z.boolean().describe('Stopped by hand before its end.'),
    seed: count(),
    shard: z
      .string()
      .regex(/^\d+\/\d+$/)
      .nullable()
      .describe('Share of the profile that this machine drove, as "2/8".'),
    broker: z.strictObject({ url: z.string(), protocol: z.enum(['3.1.1', '5']) }),
  })
  .describe('Which run this is.')

export const eventSchema = z.strictObject({
  tMs: z.number().describe('Since the start of the run.'),
  kind: z.string(),
  text: z.string(),
  count: z.int().min(1).describe('Equal events folded into this one.'),
  fleet: z.string().optional(),
})

export const environmentSchema = z
  .strictObject({
    flotilla: z.string(),
    node: z.string(),
    platform: z.string(),
    cpu: z.string(),
    cores: count(),
    memoryBytes: count(),
    clock: z.string().describe('Which clocks the figures rest on.'),
  })
  .describe('Where it ran.')
