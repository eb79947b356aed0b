import type { StreamRecorder } from '../delivery/stream-recorder.ts'
import type { QosMix } from '../plan/qos-mix.ts'
import type { Schedule } from '../plan/schedule.ts'
import type { QoS } from '../profile/profile.ts'
import type { DevicePublisher } from './payload/publisher.ts'
import type { Moment, PublishBody } from './ports.ts'

/** One stream of a device: one publish entry at one QoS. It travels with each message as the session's tag. */
export interface EntryStream<Owner> {
  readonly device: Owner
  readonly recorder: StreamRecorder
  readonly body: PublishBody
}

/**
 * One publish entry of one device. Ten thousand devices do not fit into the caches of a processor, and every object that a
 * message touches is fetched from memory: what most messages need stands here, side by side.
 */
export class DeviceEntry<Owner> {
  /** Intended time of the message that is due next, ms. */
  dueMs: number
  readonly retain: boolean
  readonly schedule: Schedule
  readonly publisher: DevicePublisher
  /** Undefined when the entry has one QoS only. */
  readonly #mix: QosMix | undefined
  readonly #qos: QoS
  readonly #topic: Buffer | undefined
  readonly #mayExhaust: boolean
  /** Of the QoS when there is one only. */
  #stream: EntryStream<Owner> | undefined
  #streams: (EntryStream<Owner> | undefined)[] | undefined

  constructor(facts: {
    schedule: Schedule
    publisher: DevicePublisher
    qos: QoS | QosMix
    retain: boolean
    /** Replays a file once only. */
    mayExhaust: boolean
  }) {
    const { schedule, publisher, qos, retain } = facts
    this.schedule = schedule
    this.publisher = publisher
    this.retain = retain
    this.#mix = typeof qos === 'number' ? undefined : qos
    this.#qos = typeof qos === 'number' ? qos : 0
    this.#topic = publisher.constantTopic
      ? publisher.topicFor({ seq: 0, intendedUs: 0, sentLagUs: 0 })
      : undefined
    this.#mayExhaust = facts.mayExhaust
    this.dueMs = schedule.nextMs()
  }

  /** There is nothing more to send: a file is replayed to its end. */
  get exhausted(): boolean {
    return this.#mayExhaust && this.publisher.exhausted
  }

  /** QoS of the next message. */
  nextQos(): QoS {
    return this.#mix ? this.#mix.next() : this.#qos
  }

  topicFor(moment: Moment): Buffer {
    return this.#topic ?? this.publisher.topicFor(moment)
  }

  stream(qos: QoS): EntryStream<Owner> | undefined {
    return this.#mix ? this.#streams?.[qos] : this.#stream
  }

  openStream(qos: QoS, device: Owner, recorder: StreamRecorder): EntryStream<Owner> {
    const stream = { device, recorder, body: this.publisher.bodyFor(qos) }
    if (this.#mix) {
      this.#streams ??= []
      this.#streams[qos] = stream
    } else this.#stream = stream
    return stream
  }
}
