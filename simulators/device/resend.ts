import { DUPLICATE_FLAG, encodeAck, withoutTopicAlias } from './encode.ts'
import type { Outgoing } from './outgoing.ts'
import { PUBREL } from './packet-types.ts'
import type { ConnectedInfo } from './session-settings.ts'
import type { OutgoingFlight, SessionState } from './session-state.ts'
import type { Slab } from './slab.ts'

/**
 * Sends again what was in flight when the last connection ended, in the order it was first sent and before anything new
 * (MQTT-4.4.0-1, MQTT-4.6.0-1), as far as the window of the new connection allows.
 */
export class Resend<Tag> {
  readonly #flights: OutgoingFlight<Tag>[]
  #next = 0

  constructor(state: SessionState<Tag>) {
    this.#flights = [...state.flights()]
  }

  get isDone(): boolean {
    return this.#next >= this.#flights.length
  }

  /** Sends on; returns a message that the new connection's Maximum Packet Size bars for good, to be called again after it. */
  pump(
    state: SessionState<Tag>,
    outgoing: Outgoing,
    slab: Slab,
    limits: ConnectedInfo,
  ): OutgoingFlight<Tag> | undefined {
    for (; !this.isDone; this.#next += 1) {
      const flight = this.#flights[this.#next]
      if (!flight || state.flight(flight.packetId) !== flight) continue
      const underWay = state.size - (this.#flights.length - this.#next)
      if (underWay >= limits.inFlight) return undefined
      if (flight.receivedCode >= 0) {
        outgoing.append(encodeAck(slab, PUBREL, flight.packetId, 0))
        continue
      }
      const packet = packetAgain(flight)
      if (packet.length > limits.maximumPacketBytes) {
        this.#next += 1
        return flight
      }
      outgoing.appendCopy(packet)
    }
    return undefined
  }
}

function packetAgain<Tag>(flight: OutgoingFlight<Tag>): Buffer {
  let packet = flight.bytes.subarray(flight.start, flight.end)
  if (flight.aliasedTopic) {
    packet = withoutTopicAlias(packet, flight.aliasedTopic)
    flight.bytes = packet
    flight.start = 0
    flight.end = packet.length
    flight.aliasedTopic = undefined
  }
  packet[0] = (packet[0] ?? 0) | DUPLICATE_FLAG
  return packet
}
