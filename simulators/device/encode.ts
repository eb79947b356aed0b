import { copyBytes } from './payload/bytes.ts'
import type { PublishBody, PublishRequest } from './ports.ts'
import { findTopicAlias, NO_ALIAS, propertiesEnd, propertiesStart } from './properties.ts'
import type { Slab } from './slab.ts'
import { variableByteLength, writeVariableByteInteger } from './variable-byte-integer.ts'

/** The topic of a PUBLISH that names it by alias: zero length. */
export const EMPTY_TOPIC = Buffer.alloc(2)
export const DUPLICATE_FLAG = 0x08

/** UTF-8 of a topic with its two length bytes, as PublishRequest wants it. */
export function encodeTopic(topic: string): Buffer {
  const length = Buffer.byteLength(topic)
  if (length > 65_535) throw new RangeError(`a topic has at most 65,535 bytes, this one has ${length}`)
  const bytes = Buffer.allocUnsafeSlow(2 + length)
  bytes.writeUInt16BE(length, 0)
  bytes.write(topic, 2)
  return bytes
}

/** Most bytes that a PUBLISH with this topic and body can take. */
export function publishBound(topic: Buffer, body: PublishBody): number {
  return 5 + topic.length + 2 + body.maxBytes
}

/**
 * Writes a PUBLISH at the end of the slab and returns where it starts; it ends at `slab.at`.
 * `topic` is the one to write, which is EMPTY_TOPIC when the alias has been announced before.
 */
export function encodePublish<Tag>(
  slab: Slab,
  request: PublishRequest<Tag>,
  packetId: number,
  topic: Buffer,
  topicAlias: number,
): number {
  const { qos, body } = request
  const bound = topic.length + 2 + body.maxBytes
  const headerBytes = 1 + variableByteLength(bound)
  const start = slab.reserve(headerBytes + bound)
  const out = slab.bytes
  const bodyStart = start + headerBytes
  let at = bodyStart
  at = copyBytes(out, at, topic)
  if (qos > 0) {
    out[at++] = packetId >> 8
    out[at++] = packetId & 255
  }
  at = body.write(out, at, request.moment, topicAlias)
  const length = at - bodyStart
  if (length > bound) throw new RangeError(`a body promised ${body.maxBytes} bytes at most and wrote more`)
  // A packet far below its bound has a shorter length field: moved down, so that packets stay adjacent and leave as one write.
  const spare = headerBytes - 1 - variableByteLength(length)
  if (spare > 0) out.copyWithin(bodyStart - spare, bodyStart, at)
  out[start] = 0x30 | (qos << 1) | (request.retain ? 1 : 0)
  writeVariableByteInteger(out, start + 1, length)
  slab.at = at - spare
  return start
}

/** Writes PUBACK, PUBREC, PUBREL or PUBCOMP at the end of the slab and returns where it starts; success needs no code. */
export function encodeAck(slab: Slab, type: number, packetId: number, reasonCode: number): number {
  const start = slab.reserve(5)
  const out = slab.bytes
  // PUBREL alone has the reserved flags 0010 (MQTT 5 section 3.6.1).
  out[start] = (type << 4) | (type === 6 ? 2 : 0)
  out[start + 1] = reasonCode === 0 ? 2 : 3
  out[start + 2] = packetId >> 8
  out[start + 3] = packetId & 255
  if (reasonCode !== 0) out[start + 4] = reasonCode
  slab.at = start + (reasonCode === 0 ? 4 : 5)
  return start
}

/** A stored PUBLISH with its topic in full and without alias: aliases end with their connection (MQTT 5 section 3.3.2.3.4). */
export function withoutTopicAlias(packet: Buffer, topic: Buffer): Buffer {
  const head = propertiesStart(packet, 1)
  const topicEnd = head + 2 + packet.readUInt16BE(head)
  const idEnd = topicEnd + 2
  const from = propertiesStart(packet, idEnd)
  const end = propertiesEnd(packet, idEnd, packet.length)
  const alias = findTopicAlias(packet, from, end)
  const kept =
    alias === NO_ALIAS
      ? [packet.subarray(from, end)]
      : [packet.subarray(from, alias), packet.subarray(alias + 3, end)]
  const properties = Buffer.concat(kept)
  const propertyLength = Buffer.alloc(variableByteLength(properties.length))
  writeVariableByteInteger(propertyLength, 0, properties.length)
  const rest = [topic, packet.subarray(topicEnd, idEnd), propertyLength, properties, packet.subarray(end)]
  const length = rest.reduce((sum, part) => sum + part.length, 0)
  const header = Buffer.alloc(1 + variableByteLength(length))
  header[0] = packet[0] ?? 0
  writeVariableByteInteger(header, 1, length)
  return Buffer.concat([header, ...rest])
}
