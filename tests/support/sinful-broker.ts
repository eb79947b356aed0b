import { createServer, type Server, type Socket } from 'node:net'
import {
  type IConnectPacket,
  type IPublishPacket,
  type ISubscribePacket,
  type Packet,
  parser,
} from 'mqtt-packet'
import { MarkerReader, readMarker } from '../../simulators/delivery/marker.ts'
import { createSighting } from '../../simulators/delivery/marker-sighting.ts'
import { filterMatches } from '../../simulators/observe/filters.ts'
import { DeliveryTruth, type StreamTruth } from './delivery-truth.ts'
import { seeded } from './seeded.ts'
import { type Outgoing, SinfulSession } from './sinful-session.ts'

/** What the broker does wrong, on purpose. Shares are probabilities per message; all may be changed while it runs. */
export interface Sins {
  drop: number
  duplicate: number
  reorder: number
  /** Flips one byte of the payload. */
  corrupt: number
  /** Refuses messages of QoS 1 and 2 with `rejectReason` (MQTT 5 only). */
  reject: number
  rejectReason: number
  /** Reason code of acknowledgements otherwise, such as 0x10 (MQTT 5 only). */
  ackReason: number
  /** Takes messages and never acknowledges them. */
  neverAck: boolean
  /** CONNACK code to refuse every connection with. */
  refuseWith: number | null
  /** What comes in place of a CONNACK. */
  handshake: 'proper' | 'garbage' | 'http' | 'close' | 'reset' | 'silence'
  /** Highest QoS that is granted to subscribers, or a failure code. */
  grant: number
}

const INNOCENT: Sins = {
  ...{ drop: 0, duplicate: 0, reorder: 0, corrupt: 0, reject: 0, rejectReason: 0x97 },
  ...{ ackReason: 0, neverAck: false, refuseWith: null, handshake: 'proper', grant: 2 },
}

/** Messages of the same stream that may overtake one that is held back. */
const HELD_FOR_MAX = 6
const HELD_MS_MAX = 250

interface Held {
  message: Outgoing
  seq: number
  stream: StreamTruth
  passing: number
  sinceMs: number
}

/**
 * A broker that drops, repeats, reorders and damages messages on purpose, the same way for the same seed and order of
 * arrival, and knows exactly what it did. MQTT 3.1.1 and 5, QoS 0 to 2, sessions; no retained messages and no wills.
 */
export class SinfulBroker {
  readonly sins: Sins
  readonly truth = new DeliveryTruth()
  readonly sessions = new Map<string, SinfulSession>()
  /** Packets of each kind that came in, by name. */
  readonly received = new Map<string, number>()
  port = 0
  readonly #chance: () => number
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #held = new Map<StreamTruth, Held[]>()
  readonly #reader = new MarkerReader()
  readonly #sighting = createSighting()
  readonly #matching = new Map<string, { session: SinfulSession; qos: 0 | 1 | 2 }[]>()
  readonly #flusher = setInterval(() => this.#releaseHeld(performance.now() - HELD_MS_MAX), 50)

  constructor(seed: number, sins: Partial<Sins>) {
    this.sins = { ...INNOCENT, ...sins }
    this.#chance = seeded(seed)
    this.#server = createServer({ noDelay: true }, (socket) => this.#accept(socket))
  }

  async listen(port = 0): Promise<this> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen({ port, host: '127.0.0.1', backlog: 4_096 }, resolve)
    })
    const address = this.#server.address()
    this.port = typeof address === 'object' && address ? address.port : 0
    return this
  }

  /** Delivers what is still held back. */
  flush(): void {
    this.#releaseHeld(Number.POSITIVE_INFINITY)
  }

  /** Breaks every connection with RST, or those of the clients whose id `whose` says. Sessions stay as they allow. */
  kill(whose: (clientId: string) => boolean = () => true): void {
    for (const session of this.sessions.values()) {
      if (whose(session.clientId)) session.socket?.resetAndDestroy()
    }
  }

  /** Does to a client what a second one with its id would. */
  takeOver(clientId: string): void {
    const session = this.sessions.get(clientId)
    if (session?.version === 5) session.send({ cmd: 'disconnect', reasonCode: 0x8e })
    const { socket } = session ?? {}
    setImmediate(() => socket?.end())
  }

  async stop(): Promise<void> {
    clearInterval(this.#flusher)
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  #accept(socket: Socket): void {
    const packets = parser()
    let session: SinfulSession | undefined
    this.#sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.once('close', () => {
      this.#sockets.delete(socket)
      session?.detach(socket)
      if (session && !session.keepsAfterClose && !session.socket) this.#forget(session)
    })
    packets.on('error', () => socket.destroy())
    packets.on('packet', (packet: Packet) => {
      this.received.set(packet.cmd, (this.received.get(packet.cmd) ?? 0) + 1)
      if (packet.cmd === 'connect') session = this.#connect(socket, packet)
      else if (session) this.#handle(session, socket, packet)
      else socket.destroy()
    })
    socket.on('data', (bytes) => {
      packets.parse(bytes)
    })
  }

  #connect(socket: Socket, packet: IConnectPacket): SinfulSession | undefined {
    const { handshake, refuseWith } = this.sins
    if (handshake === 'silence') return undefined
    if (handshake === 'close') socket.end()
    if (handshake === 'reset') socket.resetAndDestroy()
    if (handshake === 'garbage') socket.write(Buffer.from('0badc0ffee00112233445566778899', 'hex'))
    if (handshake === 'http') socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n')
    if (handshake !== 'proper') return undefined
    const known = this.sessions.get(packet.clientId)
    if (known?.socket) this.takeOver(packet.clientId)
    const sessionPresent = known !== undefined && packet.clean !== true
    const session = sessionPresent ? known : new SinfulSession(packet.clientId)
    session.version = packet.protocolVersion === 5 ? 5 : 4
    session.attach(socket)
    if (refuseWith !== null) {
      session.send({
        cmd: 'connack',
        sessionPresent: false,
        ...(session.version === 5 ? { reasonCode: refuseWith } : { returnCode: refuseWith }),
      })
      setImmediate(() => socket.end())
      return undefined
    }
    session.receiveMaximum = packet.properties?.receiveMaximum ?? 65_535
    session.keepsAfterClose =
      session.version === 5 ? (packet.properties?.sessionExpiryInterval ?? 0) > 0 : packet.clean !== true
    this.sessions.set(packet.clientId, session)
    this.#matching.clear()
    session.send({
      cmd: 'connack',
      sessionPresent,
      ...(session.version === 5 ? { reasonCode: 0 } : { returnCode: 0 }),
    })
    session.resume()
    return session
  }

  #handle(session: SinfulSession, socket: Socket, packet: Packet): void {
    switch (packet.cmd) {
      case 'publish':
        this.#publish(session, packet)
        break
      case 'pubrel':
        session.unreleased.delete(packet.messageId ?? 0)
        if (!this.sins.neverAck) session.send({ cmd: 'pubcomp', messageId: packet.messageId ?? 0 })
        break
      case 'puback':
      case 'pubrec':
      case 'pubcomp':
        session.acknowledged(packet.cmd, packet.messageId ?? 0)
        break
      case 'subscribe':
        this.#subscribe(session, packet)
        break
      case 'unsubscribe':
        for (const filter of packet.unsubscriptions) session.filters.delete(filter)
        this.#matching.clear()
        session.send({ cmd: 'unsuback', messageId: packet.messageId ?? 0, granted: [0] })
        break
      case 'pingreq':
        session.send({ cmd: 'pingresp' })
        break
      case 'disconnect':
        if (packet.properties?.sessionExpiryInterval === 0) session.keepsAfterClose = false
        socket.end()
        break
      default:
        socket.destroy()
    }
  }

  #subscribe(session: SinfulSession, packet: ISubscribePacket): void {
    const granted = packet.subscriptions.map(({ topic, qos }) => {
      if (this.sins.grant >= 0x80) return this.sins.grant
      const level = Math.min(qos, this.sins.grant)
      session.filters.set(topic, level === 2 ? 2 : level === 1 ? 1 : 0)
      return level
    })
    this.#matching.clear()
    session.send({ cmd: 'suback', messageId: packet.messageId ?? 0, granted })
  }

  #publish(session: SinfulSession, packet: IPublishPacket): void {
    const { sins } = this
    const { qos, messageId = 0 } = packet
    const repeated = qos === 2 && session.unreleased.has(messageId)
    const rejected = qos > 0 && session.version === 5 && !repeated && this.#chance() < sins.reject
    if (qos > 0 && !sins.neverAck) {
      const reasonCode = rejected ? sins.rejectReason : sins.ackReason
      session.send({
        ...{ cmd: qos === 1 ? 'puback' : 'pubrec', messageId },
        ...(session.version === 5 && { reasonCode }),
      })
    }
    if (repeated) return
    if (qos === 2 && !rejected) session.unreleased.add(messageId)
    const payload = Buffer.from(packet.payload)
    const message: Outgoing = { topic: packet.topic, payload, qos, properties: packet.properties }
    const reading = this.#reader.read(payload, this.#sighting)
    // What carries no marker is passed on as it is: nobody judges it.
    if (reading !== 'intact' && reading !== 'payload-damaged') {
      if (!rejected) this.#send(message)
      return
    }
    const stream = this.truth.of(this.#sighting)
    const { seq } = this.#sighting
    if (rejected) {
      stream.rejected.add(seq)
      return
    }
    stream.accepted.add(seq)
    this.#sin(message, stream, seq)
  }

  /** Drops, repeats or holds back one accepted message. */
  #sin(message: Outgoing, stream: StreamTruth, seq: number): void {
    const { sins } = this
    const fate = this.#chance()
    if (fate >= sins.drop) {
      if (fate < sins.drop + sins.reorder) this.#hold(message, stream, seq)
      else this.#deliver(message, stream, seq)
      if (this.#chance() < sins.duplicate) {
        if (this.#chance() < 0.5) this.#deliver(message, stream, seq)
        else this.#hold(message, stream, seq)
      }
    }
    const held = this.#held.get(stream)
    if (!held) return
    for (const one of held) one.passing -= 1
    this.#releaseOf(stream, held, ({ passing }) => passing < 0)
  }

  #hold(message: Outgoing, stream: StreamTruth, seq: number): void {
    const held = this.#held.get(stream) ?? []
    const passing = 1 + Math.floor(this.#chance() * HELD_FOR_MAX)
    held.push({ message, stream, seq, passing, sinceMs: performance.now() })
    this.#held.set(stream, held)
  }

  #releaseHeld(olderThanMs: number): void {
    for (const [stream, held] of this.#held) {
      this.#releaseOf(stream, held, ({ sinceMs }) => sinceMs < olderThanMs)
    }
  }

  #releaseOf(stream: StreamTruth, held: Held[], isDue: (one: Held) => boolean): void {
    const stay = held.filter((one) => !isDue(one))
    for (const one of held) if (!stay.includes(one)) this.#deliver(one.message, stream, one.seq)
    if (stay.length > 0) this.#held.set(stream, stay)
    else this.#held.delete(stream)
  }

  /** Delivers for good and writes down that it did. */
  #deliver(message: Outgoing, stream: StreamTruth, seq: number): void {
    const damaged = this.#chance() < this.sins.corrupt ? this.#damage(message) : message
    if (!this.#send(damaged)) return
    const reading = damaged === message ? 'intact' : readMarker(damaged.payload, this.#sighting)
    if (reading === 'marker-damaged') this.truth.damaged += 1
    else if (reading === 'absent') this.truth.unmarked += 1
    if (reading === 'marker-damaged' || reading === 'absent') return
    if (reading === 'payload-damaged') stream.corrupted += 1
    stream.delivered.push({ seq, topic: message.topic })
  }

  #damage(message: Outgoing): Outgoing {
    const payload = Buffer.from(message.payload)
    const at = Math.floor(this.#chance() * payload.length)
    payload[at] = (payload[at] ?? 0) ^ 0x01
    return { ...message, payload }
  }

  #send(message: Outgoing): boolean {
    let arrives = false
    for (const { session, qos } of this.#subscribersOf(message.topic)) {
      const level = Math.min(qos, message.qos)
      const copy: Outgoing = { ...message, qos: level === 2 ? 2 : level === 1 ? 1 : 0 }
      if (session.deliver(copy)) arrives = true
    }
    return arrives
  }

  #subscribersOf(topic: string) {
    const known = this.#matching.get(topic)
    if (known) return known
    const found: { session: SinfulSession; qos: 0 | 1 | 2 }[] = []
    for (const session of this.sessions.values()) {
      for (const [filter, qos] of session.filters)
        if (filterMatches(filter, topic)) found.push({ session, qos })
    }
    this.#matching.set(topic, found)
    return found
  }

  #forget(session: SinfulSession): void {
    if (this.sessions.get(session.clientId) === session) this.sessions.delete(session.clientId)
    this.#matching.clear()
  }
}

/** Starts a sinful broker on a free port of loopback. */
export function startSinfulBroker(sins: Partial<Sins> = {}, seed = 1): Promise<SinfulBroker> {
  return new SinfulBroker(seed, sins).listen()
}
