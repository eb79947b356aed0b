// Long because it is a whole broker.
import { createServer, type Server, type Socket } from 'node:net'
import {
  type IConnectPacket,
  type IPublishPacket,
  type ISubscribePacket,
  type Packet,
  parser,
} from 'mqtt-packet'
import { MARKER_PROPERTY, MarkerReader, readUserProperty } from '../../simulators/delivery/marker.ts'
import { createSighting } from '../../simulators/delivery/marker-sighting.ts'
import { filterMatches } from '../../simulators/observe/filters.ts'
import { DeliveryTruth } from './delivery-truth.ts'
import { seeded } from './seeded.ts'
import { INNOCENT, SinfulDelivery, type Sins } from './sinful-delivery.ts'
import { type Outgoing, SinfulSession } from './sinful-session.ts'

export type { Sins }

/** How long a message waits at most for others to overtake it. */
const HELD_MS_MAX = 250

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
  readonly #delivery: SinfulDelivery
  readonly #reader = new MarkerReader()
  readonly #sighting = createSighting()
  readonly #matching = new Map<string, { session: SinfulSession; qos: 0 | 1 | 2 }[]>()
  readonly #flusher = setInterval(() => this.#delivery.release(HELD_MS_MAX), 50)

  constructor(seed: number, sins: Partial<Sins>) {
    this.sins = { ...INNOCENT, ...sins }
    this.#chance = seeded(seed)
    this.#delivery = new SinfulDelivery(this.sins, this.truth, this.#chance, (message) => this.#send(message))
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
    this.#delivery.release()
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
      if (!session || session.keepsAfterClose || session.socket) return
      if (this.sessions.get(session.clientId) === session) this.sessions.delete(session.clientId)
      this.#matching.clear()
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
      const answer: Packet = {
        ...{ cmd: qos === 1 ? 'puback' : 'pubrec', messageId },
        ...(session.version === 5 && { reasonCode }),
      }
      if (sins.ackDelayMs === 0) session.send(answer)
      else setTimeout(() => session.send(answer), sins.ackDelayMs)
    }
    if (repeated) return
    if (qos === 2 && !rejected) session.unreleased.add(messageId)
    const payload = Buffer.from(packet.payload)
    const message: Outgoing = { topic: packet.topic, payload, qos, properties: packet.properties }
    const inPayload = this.#reader.read(payload, this.#sighting)
    const property = packet.properties?.userProperties?.[MARKER_PROPERTY]
    const reading =
      inPayload === 'absent' && property !== undefined
        ? readUserProperty(String(property), payload, this.#sighting)
        : inPayload
    // What carries no marker is passed on as it is: nobody judges it.
    if (reading !== 'intact' && reading !== 'payload-damaged') {
      if (!rejected) this.#send(message)
      return
    }
    const stream = this.truth.of(this.#sighting)
    const { seq } = this.#sighting
    if (rejected) {
      stream.rejected.add(seq)
      if (!sins.deliverRefused) return
    } else stream.accepted.add(seq)
    this.#delivery.take(message, stream, seq)
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
}

/** Starts a sinful broker on a free port of loopback. */
export function startSinfulBroker(sins: Partial<Sins> = {}, seed = 1): Promise<SinfulBroker> {
  return new SinfulBroker(seed, sins).listen()
}
