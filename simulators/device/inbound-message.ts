import type { QoS } from '../profile/profile.ts'

/**
 * A PUBLISH from the broker, lent for one call: the reader of a process fills the same object again and again,
 * so that counting a message costs no allocation. Whoever keeps a part of it copies that part.
 */
export class InboundMessage {
  qos: QoS = 0
  retain = false
  duplicate = false
  /** 0 with QoS 0. */
  packetId = 0
  bytes: Buffer = Buffer.alloc(0)
  topicStart = 0
  topicEnd = 0
  payloadStart = 0
  payloadEnd = 0

  topic(): string {
    return this.bytes.toString('utf8', this.topicStart, this.topicEnd)
  }

  /** A view, lent as the message is. */
  payload(): Buffer {
    return this.bytes.subarray(this.payloadStart, this.payloadEnd)
  }
}
