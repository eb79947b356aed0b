import { z } from 'zod'
import { duration } from '../quantity.ts'

/** Text in which {{name}} and %i %c %u are replaced per device or per message. */
export const template = (max = 1_024) => z.string().max(max)

/** Text that holds a reference ${secret:NAME} or ${env:NAME} where a value must not stand in the file. */
export const secretTemplate = () => z.string().max(1_024)

/** A path relative to the profile file. */
export const filePath = () => z.string().min(1).max(1_024)

export const qos = () => z.union([z.literal(0), z.literal(1), z.literal(2)])
export type QoS = z.output<ReturnType<typeof qos>>

/** A duration longer than zero, in milliseconds. */
export const span = () => duration().refine((ms) => ms > 0, { error: 'must be longer than zero' })

export const userProperties = () =>
  z
    .record(z.string().min(1).max(256), template())
    .describe('MQTT 5 user properties: name to template. Ignored by MQTT 3.1.1 (a warning says so).')
