import { CompactMarker } from '../../delivery/marker-compact.ts'
import type { MarkerWriter } from '../../delivery/marker-sighting.ts'
import { TokenMarker } from '../../delivery/marker-token.ts'
import type { QoS } from '../../profile/profile.ts'
import type { Moment, PublishBody } from '../ports.ts'
import type { Content } from './content.ts'
import type { PropertySection } from './property-section.ts'
import type { Topic } from './topic.ts'
import type { Values } from './variables.ts'

/** Properties of MQTT 5 with the values that their templates draw from. */
export interface BoundProperties {
  section: PropertySection
  values: Values
}

/** Everything a publisher puts together. */
export interface PublisherParts {
  run: number
  device: number
  publish: number
  epoch: number
  topic: Topic
  content: Content
  /** Form of the marker in the payload, if it travels there. */
  payloadMarker: 'token' | 'compact' | undefined
  /** The marker travels in a user property, too. */
  propertyMarker: boolean
  /** Undefined before MQTT 5. */
  properties: BoundProperties | undefined
}

/** What one device publishes for one entry of its fleet: topics and bodies, message after message. */
export class DevicePublisher {
  /** The topic is the same buffer for every message. */
  readonly constantTopic: boolean
  readonly #parts: PublisherParts
  readonly #bodies: (PublishBody | undefined)[] = []

  constructor(parts: PublisherParts) {
    this.constantTopic = parts.topic.isConstant
    this.#parts = parts
  }

  /** There is nothing more to send: a file is replayed to its end. */
  get exhausted(): boolean {
    return this.#parts.content.exhausted
  }

  /** Topic of the message that is written or skipped next, with its two length bytes. */
  topicFor(moment: Moment): Buffer {
    return this.#parts.topic.of(moment)
  }

  /** Each QoS is a stream with sequence numbers of its own; the values they carry go on from one to the other. */
  bodyFor(qos: QoS): PublishBody {
    this.#bodies[qos] ??= new Body(this.#parts, qos)
    return this.#bodies[qos]
  }
}

class Body implements PublishBody {
  readonly maxBytes: number
  readonly #parts: PublisherParts
  readonly #inPayload: MarkerWriter | undefined
  readonly #inProperty: MarkerWriter | undefined

  constructor(parts: PublisherParts, qos: QoS) {
    this.#parts = parts
    const { payloadMarker, propertyMarker, properties, content } = parts
    const stream = { ...parts, qos }
    const token = payloadMarker === 'token' || propertyMarker ? new TokenMarker(stream) : undefined
    this.#inPayload = payloadMarker === 'compact' ? new CompactMarker(stream) : payloadMarker && token
    this.#inProperty = propertyMarker ? token : undefined
    this.maxBytes = (properties?.section.maxBytes ?? 0) + content.maxBytes + (this.#inPayload?.length ?? 0)
  }

  write(out: Buffer, at: number, moment: Moment, topicAlias: number): number {
    const { properties, content, topic } = this.#parts
    const inPayload = this.#inPayload
    const inProperty = this.#inProperty
    let from = at
    if (properties) {
      const tokenLength = inProperty ? inProperty.length : 0
      from = properties.section.write(out, at, properties.values, moment, topicAlias, tokenLength)
    }
    const to = content.write(out, from, moment, inPayload ? inPayload.length : 0)
    if (inPayload) inPayload.write(out, content.markerAt, from, to, moment)
    // Last, as its checksum covers the payload with the marker in it.
    if (inProperty && properties) inProperty.write(out, properties.section.tokenAt, from, to, moment)
    topic.advance()
    return to
  }

  skip(): void {
    const { properties, content, topic } = this.#parts
    properties?.section.skip(properties.values)
    content.skip()
    topic.advance()
  }
}
