// Long because the fuzzer and the list of malformed packets share their generators.
import fc from 'fast-check'
import mqttPacket, { type Packet } from 'mqtt-packet'
import { describe, expect, it } from 'vitest'
import { FrameReader, type FrameSink } from './frames.ts'

const LIMIT = 1_000_000

/** Writes down what it is given. */
class Recorder implements FrameSink {
  readonly seen: string[] = []
  /** Stops the reading after so many packets. */
  left = Number.POSITIVE_INFINITY

  ack(type: number, packetId: number, reasonCode: number): boolean {
    return this.#note(`ack ${type} ${packetId} ${reasonCode}`)
  }
  pong(): boolean {
    return this.#note('pong')
  }
  message(message: Parameters<FrameSink['message']>[0]): boolean {
    const { qos, retain, duplicate, packetId } = message
    return this.#note(
      `message ${message.topic()} ${qos} ${retain} ${duplicate} ${packetId} ${message.payload().toString('hex')}`,
    )
  }
  rare(packet: Parameters<FrameSink['rare']>[0]): boolean {
    return this.#note(`rare ${JSON.stringify(packet)}`)
  }
  #note(what: string): boolean {
    this.seen.push(what)
    this.left -= 1
    return this.left > 0
  }
}

const packetId = fc.integer({ min: 1, max: 65_535 })
const code = fc.constantFrom(0, 0x10, 0x80, 0x97)
const payload = fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes))
const topic = fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' })

const publish: fc.Arbitrary<Packet> = fc
  .record({
    topic,
    payload,
    qos: fc.constantFrom(0 as const, 1 as const, 2 as const),
    retain: fc.boolean(),
    messageId: packetId,
  })
  .map((facts) => ({ cmd: 'publish', dup: false, ...facts }))

const packets: fc.Arbitrary<Packet> = fc.oneof(
  { arbitrary: publish, weight: 4 },
  fc
    .record({
      cmd: fc.constantFrom('puback', 'pubrec', 'pubrel', 'pubcomp'),
      messageId: packetId,
      reasonCode: code,
    })
    .map((packet): Packet => packet),
  fc.constant<Packet>({ cmd: 'pingresp' }),
  fc.constant<Packet>({ cmd: 'suback', messageId: 3, granted: [0, 1, 2] }),
  fc
    .boolean()
    .map((sessionPresent): Packet => ({ cmd: 'connack', sessionPresent, returnCode: 0, reasonCode: 0 })),
)

const version = fc.constantFrom(4 as const, 5 as const)

/** Cuts bytes into pieces at the given places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [...places.map((place) => place % (bytes.length + 1)), 0, bytes.length].sort((a, b) => a - b)
  // Each piece is lent: the buffer it came in is overwritten afterwards.
  return at.slice(1).map((end, index) => Buffer.from(bytes.subarray(at[index], end)))
}

function readAll(pieces: readonly Buffer[], protocol: 4 | 5, sink: FrameSink): string | undefined {
  const reader = new FrameReader(protocol, LIMIT)
  for (const piece of pieces) {
    const problem = reader.read(piece, sink)
    piece.fill(0xee)
    if (problem !== undefined) return problem
  }
  return undefined
}

describe('reader of the byte stream of a broker', () => {
  it('gives the same packets however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(packets, { maxLength: 8 }),
        version,
        fc.array(fc.nat(), { maxLength: 40 }),
        (list, protocol, places) => {
          const stream = Buffer.concat(
            list.map((packet) => mqttPacket.generate(packet, { protocolVersion: protocol })),
          )
          const whole = new Recorder()
          const pieces = new Recorder()
          const single = new Recorder()

          expect(readAll([Buffer.from(stream)], protocol, whole)).toBeUndefined()
          expect(readAll(cut(stream, places), protocol, pieces)).toBeUndefined()
          expect(
            readAll(
              [...stream].map((byte) => Buffer.from([byte])),
              protocol,
              single,
            ),
          ).toBeUndefined()

          expect(whole.seen).toHaveLength(list.length)
          expect(pieces.seen).toEqual(whole.seen)
          expect(single.seen).toEqual(whole.seen)
        },
      ),
    )
  })

  it('reads from a PUBLISH what was written into it', () => {
    fc.assert(
      fc.property(publish, version, (packet, protocol) => {
        if (packet.cmd !== 'publish') return
        const recorder = new Recorder()
        readAll([mqttPacket.generate(packet, { protocolVersion: protocol })], protocol, recorder)

        const id = packet.qos === 0 ? 0 : packet.messageId
        const hex = Buffer.from(packet.payload).toString('hex')
        expect(recorder.seen).toEqual([
          `message ${packet.topic} ${packet.qos} ${packet.retain} false ${id} ${hex}`,
        ])
      }),
    )
  })

  it('passes over the properties of a PUBLISH', () => {
    const recorder = new Recorder()
    const packet = mqttPacket.generate(
      {
        cmd: 'publish',
        topic: 't',
        payload: 'x',
        qos: 1,
        messageId: 4,
        dup: true,
        retain: true,
        properties: {
          payloadFormatIndicator: true,
          messageExpiryInterval: 60,
          responseTopic: 'r',
          correlationData: Buffer.from([1, 2]),
          userProperties: { a: 'b', c: ['d', 'e'] },
          subscriptionIdentifier: 300,
          contentType: 'text/plain',
        },
      },
      { protocolVersion: 5 },
    )

    expect(readAll([packet], 5, recorder)).toBeUndefined()
    expect(recorder.seen).toEqual(['message t 1 true true 4 78'])
  })

  it('never throws and never loops, whatever real packets are turned into', () => {
    const mutation = fc.record({
      at: fc.nat(),
      byte: fc.nat(255),
      kind: fc.constantFrom('set', 'insert', 'delete'),
    })
    fc.assert(
      fc.property(
        fc.array(packets, { minLength: 1, maxLength: 6 }),
        version,
        fc.array(mutation, { minLength: 1, maxLength: 6 }),
        fc.array(fc.nat(), { maxLength: 20 }),
        (list, protocol, mutations, places) => {
          let stream = Buffer.concat(
            list.map((packet) => mqttPacket.generate(packet, { protocolVersion: protocol })),
          )
          for (const { at, byte, kind } of mutations) {
            const index = at % (stream.length + 1)
            const rest = stream.subarray(kind === 'insert' ? index : index + 1)
            const added = kind === 'delete' ? [] : [byte]
            stream = Buffer.concat([stream.subarray(0, index), Buffer.from(added), rest])
          }
          const whole = new Recorder()
          const pieces = new Recorder()
          const problem = readAll([Buffer.from(stream)], protocol, whole)

          expect(readAll(cut(stream, places), protocol, pieces)).toEqual(problem)
          expect(pieces.seen).toEqual(whole.seen)
          expect(whole.seen.length).toBeLessThanOrEqual(stream.length)
        },
      ),
      { numRuns: 2_000 },
    )
  })

  it('never throws on plain noise', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 10 }),
        version,
        (pieces, protocol) => {
          readAll(
            pieces.map((piece) => Buffer.from(piece)),
            protocol,
            new Recorder(),
          )
        },
      ),
      { numRuns: 2_000 },
    )
  })

  it('stops as soon as the sink has had enough, and reports no problem then', () => {
    const recorder = new Recorder()
    recorder.left = 1
    const pong = Buffer.from([0xd0, 0])

    expect(readAll([Buffer.concat([pong, pong, Buffer.from([0xff])])], 5, recorder)).toBeUndefined()
    expect(recorder.seen).toEqual(['pong'])
  })

  it.each([
    ['no length in four bytes', 5, [0x30, 0xff, 0xff, 0xff, 0xff], 'more than four bytes'],
    ['QoS 3', 5, [0x36], 'QoS 3'],
    ['a DUP flag at QoS 0', 4, [0x38], 'duplicate'],
    ['reserved flags', 4, [0x41], 'PUBACK with flags 1'],
    ['PUBREL without its flags', 4, [0x60], 'PUBREL with flags 0'],
    ['a packet that clients send', 4, [0xc0], 'PINGREQ, which no broker sends'],
    ['packet id 0', 4, [0x40, 2, 0, 0], 'malformed PUBACK'],
    ['a reason code in 3.1.1', 4, [0x40, 3, 0, 1, 0], 'malformed PUBACK'],
    ['a topic longer than its packet', 4, [0x30, 3, 0, 9, 0x74], 'longer than the packet'],
    ['no topic', 4, [0x30, 3, 0, 0, 0x74], 'without topic'],
    ['a topic alias', 5, [0x30, 7, 0, 1, 0x74, 3, 0x23, 0, 1], 'topic alias'],
    ['properties longer than the packet', 5, [0x30, 4, 0, 1, 0x74, 9], 'malformed properties'],
    ['an unknown property', 5, [0x30, 6, 0, 1, 0x74, 2, 0x7f, 0], 'malformed properties'],
    ['a packet above the limit', 5, [0x30, 0xff, 0xff, 0xff, 0x7f], 'above the 1000000 accepted'],
    ['an AUTH in 3.1.1', 4, [0xf0, 1, 0], 'Not supported auth packet'],
  ] as const)('names what is wrong with %s', (_name, protocol, bytes, words) => {
    const recorder = new Recorder()

    expect(readAll([Buffer.from(bytes)], protocol, recorder)).toContain(words)
    expect(recorder.seen).toEqual([])
  })

  it('takes memory for what has come, not for what a length field claims', () => {
    const reader = new FrameReader(5, 300_000_000)
    const before = process.memoryUsage().arrayBuffers
    for (let n = 0; n < 3; n += 1)
      reader.read(Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f].slice(n * 2, n * 2 + 2)), new Recorder())

    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000)
  })
})
