import { InboundMessage } from './inbound-message.ts'
import {
  type AckType,
  AUTH,
  CONNACK,
  DISCONNECT,
  PINGRESP,
  PUBACK,
  PUBCOMP,
  PUBLISH,
  PUBREC,
  PUBREL,
  packetName,
  SUBACK,
  UNSUBACK,
} from './packet-types.ts'
import { findTopicAlias, NO_ALIAS, propertiesEnd, propertiesStart } from './properties.ts'
import { parseRarePacket, type RarePacket } from './rare-packets.ts'
import { MALFORMED, readVariableByteInteger } from './variable-byte-integer.ts'

/** What a reader does with each packet. False ends the reading: the connection is over. */
export interface FrameSink {
  ack(type: AckType, packetId: number, reasonCode: number): boolean
  pong(): boolean
  /** Lent for the call. */
  message(message: InboundMessage): boolean
  rare(packet: RarePacket): boolean
}

const message = new InboundMessage()

/** What is wrong with the first byte of a packet from a broker, if anything (MQTT 5 sections 2.1.2 and 2.1.3). */
function headerProblem(first: number): string | undefined {
  const type = first >> 4
  const flags = first & 15
  switch (type) {
    case PUBLISH:
      if ((flags & 6) === 6) return 'a PUBLISH with QoS 3'
      return (flags & 14) === 8 ? 'a PUBLISH with QoS 0 marked as duplicate' : undefined
    case PUBREL:
      return flags === 2 ? undefined : `a PUBREL with flags ${flags}`
    case CONNACK:
    case PUBACK:
    case PUBREC:
    case PUBCOMP:
    case SUBACK:
    case UNSUBACK:
    case PINGRESP:
    case DISCONNECT:
    case AUTH:
      return flags === 0 ? undefined : `a ${packetName(type)} with flags ${flags}`
    default:
      return `${packetName(type)}, which no broker sends`
  }
}

/** Cuts the byte stream of a broker into packets. What every message needs is read in place; mqtt-packet reads the rest. */
export class FrameReader {
  readonly #version: 4 | 5
  readonly #maximumBytes: number
  // The start of a packet that is not complete yet.
  #carry: Buffer | undefined
  #held = 0
  #problem: string | undefined

  constructor(version: 4 | 5, maximumBytes: number) {
    this.#version = version
    this.#maximumBytes = maximumBytes
  }

  /** Reads lent bytes; returns what is wrong with them when they are no MQTT. Nothing may be read after that. */
  read(bytes: Buffer, sink: FrameSink): string | undefined {
    let at = 0
    if (this.#held > 0) {
      at = this.#complete(bytes, sink)
      if (at < 0) return this.#problem
    }
    while (at < bytes.length) {
      const total = this.#frameBytes(bytes, at, bytes.length)
      if (total < 0) return this.#problem
      if (total === 0 || at + total > bytes.length) {
        this.#keep(bytes, at, bytes.length, total)
        return undefined
      }
      if (!this.#dispatch(bytes, at, at + total, sink)) return this.#problem
      at += total
    }
    return undefined
  }

  /** Adds to the packet carried over, and reads it once complete. Returns how far it got; -1 to stop. */
  #complete(bytes: Buffer, sink: FrameSink): number {
    let at = 0
    let total = this.#carriedFrameBytes()
    while (total === 0) {
      if (at === bytes.length) return at
      this.#keep(bytes, at, at + 1, 0)
      at += 1
      total = this.#carriedFrameBytes()
    }
    if (total < 0) return -1
    const end = Math.min(bytes.length, at + total - this.#held)
    this.#keep(bytes, at, end, total)
    if (this.#held < total || !this.#carry) return end
    const packet = this.#carry
    this.#carry = undefined
    this.#held = 0
    return this.#dispatch(packet, 0, total, sink) ? end : -1
  }

  #carriedFrameBytes(): number {
    return this.#carry ? this.#frameBytes(this.#carry, 0, this.#held) : 0
  }

  /** Copies bytes behind those carried over. Room grows with what has come, not with what a length field claims. */
  #keep(bytes: Buffer, start: number, end: number, total: number): void {
    const held = this.#held + end - start
    if (!this.#carry || this.#carry.length < held) {
      const room = Math.max(held, Math.min(total, 2 * held), 16)
      const carry = Buffer.allocUnsafeSlow(room)
      this.#carry?.copy(carry, 0, 0, this.#held)
      this.#carry = carry
    }
    bytes.copy(this.#carry, this.#held, start, end)
    this.#held = held
  }

  /** Length of the packet at `at`; 0 when its header is not complete, -1 when it is no MQTT. */
  #frameBytes(bytes: Buffer, at: number, end: number): number {
    const problem = headerProblem(bytes[at] ?? 0)
    if (problem) return this.#fail(problem)
    const length = readVariableByteInteger(bytes, at + 1, end)
    if (length === MALFORMED) return this.#fail('a packet whose length has more than four bytes')
    if (length < 0) return 0
    const total = 1 + propertiesStart(bytes, at + 1) - (at + 1) + length
    if (total > this.#maximumBytes)
      return this.#fail(`a packet of ${total} bytes, above the ${this.#maximumBytes} accepted`)
    return total
  }

  #fail(problem: string): -1 {
    this.#problem = problem
    return -1
  }

  #dispatch(bytes: Buffer, start: number, end: number, sink: FrameSink): boolean {
    const first = bytes[start] ?? 0
    const body = propertiesStart(bytes, start + 1)
    const type = first >> 4
    switch (type) {
      case PUBACK:
      case PUBREC:
      case PUBREL:
      case PUBCOMP:
        return this.#ack(type, bytes, body, end, sink)
      case PUBLISH:
        return this.#message(first, bytes, body, end, sink)
      case PINGRESP:
        if (body !== end) return this.#fail('a PINGRESP with a body') > 0
        return sink.pong()
      default: {
        const packet = parseRarePacket(bytes.subarray(start, end), this.#version)
        if (typeof packet === 'string') return this.#fail(packet) > 0
        return sink.rare(packet)
      }
    }
  }

  #ack(type: AckType, bytes: Buffer, at: number, end: number, sink: FrameSink): boolean {
    const length = end - at
    const packetId = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
    // MQTT 5 may add a reason code, and behind it properties that nobody here needs.
    const isWhole =
      length === 2 ||
      (this.#version === 5 && (length === 3 || (length > 3 && propertiesEnd(bytes, at + 3, end) === end)))
    if (!isWhole || packetId === 0) return this.#fail(`a malformed ${packetName(type)}`) > 0
    return sink.ack(type, packetId, length > 2 ? (bytes[at + 2] ?? 0) : 0)
  }

  #message(first: number, bytes: Buffer, at: number, end: number, sink: FrameSink): boolean {
    const qos = ((first >> 1) & 3) as 0 | 1 | 2 // headerProblem has refused 3
    const topicStart = at + 2
    const topicEnd = topicStart + (((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0))
    let offset = topicEnd + (qos > 0 ? 2 : 0)
    if (topicStart > end || offset > end)
      return this.#fail('a PUBLISH whose topic is longer than the packet') > 0
    const packetId = qos > 0 ? ((bytes[topicEnd] ?? 0) << 8) | (bytes[topicEnd + 1] ?? 0) : 0
    if (qos > 0 && packetId === 0) return this.#fail('a PUBLISH with packet id 0') > 0
    if (this.#version === 5) {
      const propertyEnd = propertiesEnd(bytes, offset, end)
      if (propertyEnd < 0) return this.#fail('a PUBLISH with malformed properties') > 0
      const alias = findTopicAlias(bytes, propertiesStart(bytes, offset), propertyEnd)
      // We announce no Topic Alias Maximum, so the broker must not use any (MQTT-3.1.2-26).
      if (alias !== NO_ALIAS)
        return (
          this.#fail(alias < 0 ? 'a PUBLISH with malformed properties' : 'a PUBLISH with a topic alias') > 0
        )
      offset = propertyEnd
    }
    if (topicEnd === topicStart) return this.#fail('a PUBLISH without topic') > 0
    message.qos = qos
    message.retain = (first & 1) === 1
    message.duplicate = (first & 8) === 8
    message.packetId = packetId
    message.bytes = bytes
    message.topicStart = topicStart
    message.topicEnd = topicEnd
    message.payloadStart = offset
    message.payloadEnd = end
    return sink.message(message)
  }
}
