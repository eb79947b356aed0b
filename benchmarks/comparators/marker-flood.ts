/**
 * A flood of valid messages for the probe: every payload carries a true marker. Several messages share a write, so
 * that the flood leaves the machine to broker and subscriber. Speaks the line protocol of commands.ts. QoS 0.
 */
import { createConnection, type Socket } from 'node:net'
import { TokenMarker } from '../../simulators/delivery/marker-token.ts'
import { runClock } from '../../simulators/run/run-clock.ts'
import { obey, readFlood, tell } from './commands.ts'
import { connectPacket, publishPacket } from './packets.ts'

const { devices, totalRateHz, payloadBytes, port, run, zeroMs } = readFlood()
const MESSAGES_PER_WRITE = 5
const clock = runClock(zeroMs)

interface Stream {
  socket: Socket
  marker: TokenMarker
  /** Template of the whole packet; the marker is written into a copy. */
  packet: Buffer
  payloadFrom: number
  markerAt: number
  seq: number
}

const streams: Stream[] = []
let messages = 0
let turn = 0
let timer: NodeJS.Timeout | undefined

function createStream(device: number, socket: Socket): Stream {
  const marker = new TokenMarker({ run, device, publish: 0, qos: 0, epoch: 0 })
  const { packet } = publishPacket({ topic: `bench/${device}`, qos: 0, payloadBytes })
  const payloadFrom = packet.length - payloadBytes
  const closing = '"}'
  const markerAt = packet.length - closing.length - marker.length
  const opening = '","_fl":"'
  const padding = 'x'.repeat(markerAt - payloadFrom - '{"pad":"'.length - opening.length)
  packet.write(`{"pad":"${padding}${opening}`, payloadFrom)
  packet.write(closing, packet.length - closing.length)
  return { socket, marker, packet, payloadFrom, markerAt, seq: 0 }
}

function writeSome(stream: Stream): void {
  const { packet, marker, markerAt, payloadFrom, socket } = stream
  const out = Buffer.allocUnsafe(packet.length * MESSAGES_PER_WRITE)
  const intendedUs = Math.round(clock() * 1000)
  for (let place = 0; place < MESSAGES_PER_WRITE; place += 1) {
    const at = place * packet.length
    packet.copy(out, at)
    const moment = { seq: stream.seq, intendedUs, sentLagUs: 0 }
    marker.write(out, at + markerAt, at + payloadFrom, at + packet.length, moment)
    stream.seq += 1
  }
  messages += MESSAGES_PER_WRITE
  socket.write(out)
}

function connectAll(): void {
  let up = 0
  for (let device = 0; device < devices; device += 1) {
    const socket = createConnection({ port, host: '127.0.0.1', noDelay: true })
    streams.push(createStream(device, socket))
    socket.once('connect', () => socket.write(connectPacket(`flood-${device}`)))
    socket.once('data', () => {
      up += 1
      if (up === devices) tell('connected', { ms: performance.now() })
    })
  }
}

function go(): void {
  const startMs = performance.now()
  timer = setInterval(() => {
    const due = ((performance.now() - startMs) * totalRateHz) / 1000
    while (messages + MESSAGES_PER_WRITE <= due) {
      const stream = streams[turn % devices]
      turn += 1
      if (stream) writeSome(stream)
    }
  }, 1)
}

function finish(): void {
  clearInterval(timer)
  const settle = () => {
    if (streams.some(({ socket }) => socket.writableLength > 0)) return setTimeout(settle, 10)
    tell('finished', { messages, acked: messages, ackMs: null, latenessMs: null })
    for (const { socket } of streams) socket.end(Buffer.from([0xe0, 0]))
    return setTimeout(() => process.exit(0), 200)
  }
  settle()
}

obey({ connect: connectAll, go, counts: () => tell('counts', { messages, acked: messages }), finish })
tell('ready')
