import type { QoS } from '../../simulators/profile/profile.ts'

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  const out = Buffer.alloc(2 + bytes.length)
  out.writeUInt16BE(bytes.length)
  bytes.copy(out, 2)
  return out
}

/** Fixed header with the remaining length (MQTT 3.1.1, 2.2.3). */
function framed(first: number, body: Buffer): Buffer {
  const length: number[] = []
  for (let left = body.length; ; left = Math.floor(left / 128)) {
    length.push((left % 128) + (left > 127 ? 128 : 0))
    if (left < 128) break
  }
  return Buffer.concat([Buffer.from([first, ...length]), body])
}

/** CONNECT of MQTT 3.1.1, clean session, keep-alive off. */
export function connectPacket(clientId: string): Buffer {
  return framed(0x10, Buffer.concat([text('MQTT'), Buffer.from([4, 2, 0, 0]), text(clientId)]))
}

/** A PUBLISH with a payload that never changes, and where its packet id stands (0 at QoS 0). */
export function publishPacket(facts: { topic: string; qos: QoS; payloadBytes: number }) {
  const topic = text(facts.topic)
  const id = Buffer.alloc(facts.qos > 0 ? 2 : 0)
  const packet = framed(
    0x30 | (facts.qos << 1),
    Buffer.concat([topic, id, Buffer.alloc(facts.payloadBytes, 'x')]),
  )
  return { packet, idAt: facts.qos > 0 ? packet.length - facts.payloadBytes - 2 : 0 }
}
