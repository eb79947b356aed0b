import type { Flight } from './ports.ts'

/** A QoS 1 or 2 message under way, with the bytes to send again. */
export class OutgoingFlight<Tag> implements Flight<Tag> {
  readonly tag: Tag
  readonly seq: number
  readonly intendedUs: number
  readonly sentMs: number
  readonly qos: 1 | 2
  readonly packetId: number
  /** The packet is bytes[start, end); a slab, or a copy once the message has been waiting for long. */
  bytes: Buffer
  start: number
  end: number
  /** Set when the packet names its topic by alias, which means nothing on the next connection. */
  aliasedTopic: Buffer | undefined
  /** QoS 2: the code of the PUBREC; -1 while PUBLISH is what must be sent again, else PUBREL is. */
  receivedCode = -1

  constructor(
    tag: Tag,
    seq: number,
    intendedUs: number,
    sentMs: number,
    qos: 1 | 2,
    packetId: number,
    bytes: Buffer,
    start: number,
    end: number,
    aliasedTopic: Buffer | undefined,
  ) {
    this.tag = tag
    this.seq = seq
    this.intendedUs = intendedUs
    this.sentMs = sentMs
    this.qos = qos
    this.packetId = packetId
    this.bytes = bytes
    this.start = start
    this.end = end
    this.aliasedTopic = aliasedTopic
  }
}

const LAST_PACKET_ID = 65_535
const NOTHING: Iterable<never> = []

/** What MQTT calls session state (MQTT 5 section 4.1): the part of a session that outlives its connections. */
export class SessionState<Tag> {
  // Made on first use: most devices of most fleets publish at QoS 0 or receive nothing at QoS 2.
  #flights: Map<number, OutgoingFlight<Tag>> | undefined
  #received: Set<number> | undefined
  #lastPacketId = 0
  /** The broker has granted our subscriptions and keeps them with the session. */
  isSubscribed = false
  /** The client id that the broker chose for a device without one. */
  assignedClientId: string | undefined

  get size(): number {
    return this.#flights?.size ?? 0
  }

  /** In the order they were sent, which is the order to send them again (MQTT-4.6.0-1). */
  flights(): Iterable<OutgoingFlight<Tag>> {
    return this.#flights?.values() ?? NOTHING
  }

  flight(packetId: number): OutgoingFlight<Tag> | undefined {
    return this.#flights?.get(packetId)
  }

  add(flight: OutgoingFlight<Tag>): void {
    this.#flights ??= new Map()
    this.#flights.set(flight.packetId, flight)
  }

  remove(packetId: number): void {
    this.#flights?.delete(packetId)
  }

  /** The next packet id that is not in use, never `taken` (MQTT-2.2.1-3). The window is far smaller than the range. */
  nextPacketId(taken: number): number {
    let id = this.#lastPacketId
    do id = id === LAST_PACKET_ID ? 1 : id + 1
    while (id === taken || this.#flights?.has(id))
    this.#lastPacketId = id
    return id
  }

  /** Notes an inbound QoS 2 packet id; false when it is a copy of one not yet released. */
  receive(packetId: number): boolean {
    this.#received ??= new Set()
    if (this.#received.has(packetId)) return false
    this.#received.add(packetId)
    return true
  }

  /** Ends an inbound QoS 2 packet id; false when it is unknown. */
  release(packetId: number): boolean {
    return this.#received?.delete(packetId) ?? false
  }

  get unreleased(): number {
    return this.#received?.size ?? 0
  }

  /** Copies what was sent before `beforeMs` out of its slab, so that one slow answer does not hold on to 64 KB. */
  settle(beforeMs: number): void {
    if (!this.#flights || this.#flights.size === 0) return
    for (const flight of this.#flights.values()) {
      if (flight.sentMs >= beforeMs) return
      const length = flight.end - flight.start
      if (flight.bytes.length === length) continue
      const copy = Buffer.allocUnsafeSlow(length)
      flight.bytes.copy(copy, 0, flight.start, flight.end)
      flight.bytes = copy
      flight.start = 0
      flight.end = length
    }
  }

  /** The broker has no memory of this session: forgets it here too and returns what was in flight. */
  lose(): OutgoingFlight<Tag>[] {
    const lost = [...this.flights()]
    this.#flights = undefined
    this.#received = undefined
    this.isSubscribed = false
    return lost
  }
}
