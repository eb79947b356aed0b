import { tokenLength } from '../../delivery/marker-token.ts'
import { createRandom, PURPOSE } from '../../plan/random.ts'
import type { PublishSettings } from '../../profile/schema/publish.ts'
import type { DeviceFacts } from '../../profile/template.ts'
import { compileContent } from './compile-content.ts'
import type { ContentPattern } from './content.ts'
import { FramePattern } from './frame.ts'
import { plainPieces } from './pieces.ts'
import { PropertyPattern } from './property-section.ts'
import { type BoundProperties, DevicePublisher } from './publisher.ts'
import type { ReplayFiles } from './replay.ts'
import { createTopic } from './topic.ts'
import { createValues } from './variables.ts'
import type { WallClock } from './wall-time.ts'

/** What a program is compiled for. */
export interface ProgramContext {
  protocol: 4 | 5
  files: ReplayFiles
}

/** The device that a program is bound to. */
export interface ProgramDevice {
  facts: DeviceFacts
  seed: number
  /** Number over all fleets of the profile. */
  device: number
  publishIndex: number
  run: number
  epoch: number
  /** Kept, not copied: it may be filled in after the devices are made. */
  wallClock: WallClock
}

// Topics draw from a stream of their own: whether someone asks for a topic must not change a payload.
const TOPIC_STREAM = 1

/** One publish entry of a fleet, compiled once; what its devices have in common is held here. */
export class PublishProgram {
  readonly #topic: FramePattern
  readonly #content: ContentPattern
  readonly #properties: PropertyPattern | undefined
  readonly #inPayload: boolean
  readonly #inProperty: boolean

  constructor(settings: PublishSettings, { protocol, files }: ProgramContext) {
    const { marker } = settings
    this.#inPayload = marker === 'payload' || marker === 'both'
    // Before MQTT 5 there is no property to carry it.
    this.#inProperty = protocol === 5 && (marker === 'property' || marker === 'both')
    this.#topic = new FramePattern(plainPieces(settings.topic))
    this.#content = compileContent(settings.payload, files, this.#inPayload)
    this.#properties = protocol === 5 ? new PropertyPattern(settings) : undefined
  }

  /** Makes the publisher of one device. */
  forDevice(target: ProgramDevice): DevicePublisher {
    const { facts, seed, device, publishIndex, run, epoch, wallClock } = target
    const random = createRandom(seed, device, publishIndex, PURPOSE.payload)
    const topic = createTopic(this.#topic.bind(facts), () => {
      const own = createRandom(seed, device, publishIndex, PURPOSE.payload, TOPIC_STREAM)
      return createValues(own, this.#topic.walkStarts, wallClock)
    })
    let properties: BoundProperties | undefined
    if (this.#properties) {
      const values = createValues(random, this.#properties.walkStarts, wallClock)
      const room = this.#inProperty ? tokenLength({ run, device, publish: publishIndex, qos: 0, epoch }) : 0
      properties = { section: this.#properties.bind(facts, room), values }
    }
    return new DevicePublisher({
      run,
      device,
      publish: publishIndex,
      epoch,
      topic,
      content: this.#content.bind({ facts, random, wallClock }),
      payloadMarker: this.#inPayload ? this.#content.marker : undefined,
      propertyMarker: this.#inProperty,
      properties,
    })
  }
}

/** Compiles one publish entry for all devices of its fleet. */
export function compilePublish(settings: PublishSettings, context: ProgramContext): PublishProgram {
  return new PublishProgram(settings, context)
}
