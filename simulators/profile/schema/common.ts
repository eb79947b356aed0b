import { z } from 'zod'
import { duration } from '../quantity.ts'
import { hasReferences, isNoInlineSecret, isPerDevice, isReferenceOnly, isTemplate, ruled } from './rules.ts'
import { isMqttString, isTopicFilter, isTopicName } from './topic-rules.ts'

/** Text in which {{name}} and %i %c %u are replaced per device or per message. */
export const template = (max = 1_024) => ruled(z.string().max(max), isTemplate)

/** Text whose variables are the same in every message of a device. */
export const deviceTemplate = (max = 1_024) => ruled(z.string().max(max), isTemplate, isPerDevice)

/** A file of each device, or of all: a template, relative to the profile file. */
export const fileTemplate = () => deviceTemplate().min(1)

/** A topic name; the schema of a will and of a publish entry differ in the variables they allow. */
export const topicName = () => ruled(template().min(1), isTopicName)
export const deviceTopicName = () => ruled(deviceTemplate().min(1), isTopicName)
export const topicFilter = () => ruled(deviceTemplate().min(1), isTopicFilter)

/** A password: a template that holds a reference, or is made of variables. */
export const passwordTemplate = () =>
  ruled(z.string().max(1_024), isTemplate, isPerDevice, hasReferences, isNoInlineSecret)

/** A secret that is a reference and nothing else. */
export const secretReference = () => ruled(z.string().min(1).max(1_024), isReferenceOnly)

/** A path relative to the profile file. */
export const filePath = () => z.string().min(1).max(1_024)

export const qos = () => z.union([z.literal(0), z.literal(1), z.literal(2)])
export type QoS = z.output<ReturnType<typeof qos>>

/** A duration longer than zero, in milliseconds. */
export const span = () => duration().refine((ms) => ms > 0, { error: 'must be longer than zero' })

/** A duration that MQTT carries in whole seconds, up to `maxSeconds`. */
export const seconds = (maxSeconds: number) =>
  duration().refine((ms) => ms <= maxSeconds * 1_000, { error: `must be at most "${maxSeconds}s"` })

const propertyName = () => ruled(z.string().min(1).max(256), isMqttString)

/** User properties of a CONNECT: the same in every connection of a device. */
export const connectProperties = () =>
  z
    .record(propertyName(), ruled(deviceTemplate(), isMqttString))
    .describe(
      'MQTT 5 user properties of CONNECT: name to template. Ignored by MQTT 3.1.1 (a warning says so).',
    )
    .meta({ examples: [{ site: 'north', unit: '{{device}}' }] })

/** User properties of a PUBLISH. */
export const publishProperties = () =>
  z
    .record(propertyName(), ruled(template(), isMqttString))
    .describe('MQTT 5 user properties: name to template. Ignored by MQTT 3.1.1 (a warning says so).')
    .meta({ examples: [{ trace: '{{device}}-{{seq}}' }] })
