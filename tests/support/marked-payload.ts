import { CompactMarker } from '../../simulators/delivery/marker-compact.ts'
import { TokenMarker } from '../../simulators/delivery/marker-token.ts'
import type { Identity } from '../../simulators/delivery/types.ts'

/** A JSON-like payload of about `size` bytes that carries the marker of a message. */
export function markedPayload(identity: Identity, size = 128): Buffer {
  const marker = new TokenMarker(identity)
  const head = '{"id":"'
  const tail = `","fill":"${'x'.repeat(Math.max(0, size - marker.length - 18))}"}`
  const payload = Buffer.alloc(head.length + marker.length + tail.length)
  payload.write(head, 0, 'latin1')
  payload.write(tail, head.length + marker.length, 'latin1')
  marker.write(payload, head.length, 0, payload.length, identity)
  return payload
}

/** Random-looking bytes with the compact marker in front. */
export function markedBytes(identity: Identity, size = 128): Buffer {
  const marker = new CompactMarker(identity)
  const payload = Buffer.alloc(Math.max(size, marker.length), 0xa5)
  marker.write(payload, 0, 0, payload.length, identity)
  return payload
}
