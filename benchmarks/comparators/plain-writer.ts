/**
 * The floor in Node: packets encoded beforehand, one socket.write a message, acknowledgements counted by their bytes.
 * No payload work, no session, no statistics. Speaks the line protocol of commands.ts. QoS 0 and 1.
 */
import { createConnection, type Socket } from 'node:net'
import { obey, readWorkload, tell } from './commands.ts'
import { Pace } from './pace.ts'
import { connectPacket, publishPacket } from './packets.ts'

const { devices, qos, totalRateHz, payloadBytes, window, port, connectsInFlight } = readWorkload()
const PUBACK_BYTES = 4

interface Writer {
  socket: Socket
  packet: Buffer
  /** Where the packet id stands; 0 at QoS 0. */
  idAt: number
  lastId: number
  inFlight: number
  /** Bytes of an acknowledgement that came in two pieces. */
  partial: number
}

const writers: Writer[] = []
const pace = new Pace()
let messages = 0
let acked = 0
let stopped = false

function write(writer: Writer): void {
  const { socket, idAt } = writer
  let { packet } = writer
  if (idAt > 0) {
    // A packet that the kernel has not taken yet may not change under it.
    if (socket.writableLength > 0) packet = Buffer.from(packet)
    writer.lastId = (writer.lastId % 65_535) + 1
    packet.writeUInt16BE(writer.lastId, idAt)
    writer.inFlight += 1
  } else acked += 1
  messages += 1
  socket.write(packet)
}

function received(writer: Writer, bytes: number): void {
  const all = writer.partial + bytes
  const acks = Math.floor(all / PUBACK_BYTES)
  writer.partial = all % PUBACK_BYTES
  writer.inFlight -= acks
  acked += acks
  if (totalRateHz === 0 && !stopped) while (writer.inFlight < window) write(writer)
}

function connectAll(): void {
  const startMs = performance.now()
  let up = 0
  const next = () => {
    const index = writers.length
    if (index === devices) return
    const socket = createConnection({ port, host: '127.0.0.1', noDelay: true })
    const { packet, idAt } = publishPacket({ topic: `bench/d${index}`, qos, payloadBytes })
    const writer: Writer = { socket, packet, idAt, lastId: 0, inFlight: 0, partial: 0 }
    writers.push(writer)
    socket.on('error', (error) => process.stderr.write(`${error.message}\n`))
    socket.once('connect', () => socket.write(connectPacket(`bench-${index}`)))
    socket.once('data', () => {
      // The first answer is the CONNACK; what follows are acknowledgements.
      socket.on('data', (data: Buffer) => received(writer, data.length))
      up += 1
      if (up === devices) tell('connected', { ms: performance.now() - startMs })
      else next()
    })
  }
  for (let open = 0; open < connectsInFlight; open += 1) next()
}

function publishRound(): void {
  if (stopped) return
  let blocked = true
  for (const writer of writers) {
    if (writer.socket.writableNeedDrain) continue
    write(writer)
    blocked = false
  }
  if (blocked) setTimeout(publishRound, 1)
  else setImmediate(publishRound)
}

function finish(): void {
  stopped = true
  pace.stop()
  const settle = () => {
    if (acked < messages || writers.some(({ socket }) => socket.writableLength > 0))
      return setTimeout(settle, 10)
    tell('finished', { messages, acked, ackMs: null, latenessMs: null })
    for (const { socket } of writers) socket.end(Buffer.from([0xe0, 0]))
    return setTimeout(() => process.exit(0), 200)
  }
  settle()
}

obey({
  connect: connectAll,
  go: () => {
    if (totalRateHz > 0) {
      pace.start(totalRateHz, devices, (device) => {
        const writer = writers[device]
        if (writer) write(writer)
      })
    } else if (qos === 0) publishRound()
    else for (const writer of writers) received(writer, 0)
  },
  counts: () => tell('counts', { messages, acked }),
  finish,
})
tell('ready')
