import type { z } from 'zod'
import { compilePublish } from '../../simulators/device/payload/program.ts'
import type { DevicePublisher } from '../../simulators/device/payload/publisher.ts'
import type { ReplayFiles } from '../../simulators/device/payload/replay.ts'
import type { Moment } from '../../simulators/device/ports.ts'
import type { QoS } from '../../simulators/profile/profile.ts'
import { type PublishSettings, publishSchema } from '../../simulators/profile/schema/publish.ts'
import type { DeviceFacts } from '../../simulators/profile/template.ts'

export const RUN = 0xc0ffee
export const ZERO_MS = Date.UTC(2025, 10, 22, 16, 5, 1, 123)

export const FACTS: DeviceFacts = {
  fleet: 'meters',
  index: 7,
  device: 'meters-7',
  run: '00c0ffee',
  clientId: 'meters-7-00c0ffee',
  username: 'u7',
}

/** Settings as a profile would give them, with what every publish entry needs filled in. */
export function publishOf(input: Partial<z.input<typeof publishSchema>>): PublishSettings {
  return publishSchema.parse({ topic: 'site/{{device}}', every: '1s', ...input })
}

export interface PublisherOptions {
  facts?: Partial<DeviceFacts>
  seed?: number
  device?: number
  protocol?: 4 | 5
  files?: ReplayFiles
}

/** A publisher of the device `FACTS` describes, or of one that differs from it. */
export function publisherOf(settings: PublishSettings, options: PublisherOptions = {}): DevicePublisher {
  const { facts = {}, seed = 1, device = 7, protocol = 4 } = options
  const files: ReplayFiles = options.files ?? {
    rows: ({ file }) => {
      throw new Error(`no file ${file}`)
    },
  }
  return compilePublish(settings, { protocol, files }).forDevice({
    facts: { ...FACTS, ...facts },
    seed,
    device,
    publishIndex: 2,
    run: RUN,
    epoch: 0,
    wallClock: { zeroMs: ZERO_MS },
  })
}

/** The moment of the n-th message at one message a second. */
export function momentOf(seq: number): Moment {
  return { seq, intendedUs: seq * 1_000_000, sentLagUs: 250 }
}

/** What the body writes for one message; checks that it stays within what it promised. */
export function bodyBytes(publisher: DevicePublisher, qos: QoS, moment: Moment, topicAlias = 0): Buffer {
  const body = publisher.bodyFor(qos)
  const at = 11
  const out = Buffer.alloc(at + body.maxBytes + 11, 0xee)
  const to = body.write(out, at, moment, topicAlias)
  if (to - at > body.maxBytes) throw new Error(`wrote ${to - at} bytes and promised ${body.maxBytes} at most`)
  const outside = Buffer.concat([out.subarray(0, at), out.subarray(at + body.maxBytes)])
  if (outside.some((byte) => byte !== 0xee)) throw new Error('wrote outside of what was reserved')
  return out.subarray(at, to)
}

/** The texts of the first `count` messages of a new publisher. */
export function textsOf(settings: PublishSettings, count: number, options: PublisherOptions = {}): string[] {
  const publisher = publisherOf(settings, options)
  return Array.from({ length: count }, (_, seq) => bodyBytes(publisher, 0, momentOf(seq)).toString('utf8'))
}
