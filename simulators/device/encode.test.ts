import fc from 'fast-check'
import mqttPacket, { type Packet } from 'mqtt-packet'
import { describe, expect, it } from 'vitest'
import { TextBody } from '../../tests/support/session-rig.ts'
import { EMPTY_TOPIC, encodeAck, encodePublish, encodeTopic, withoutTopicAlias } from './encode.ts'
import { Slab } from './slab.ts'

function parse(bytes: Buffer, protocolVersion: 4 | 5): Packet[] {
  const packets: Packet[] = []
  const parser = mqttPacket.parser({ protocolVersion })
  parser.on('packet', (packet) => packets.push(packet))
  parser.on('error', (error) => {
    throw error
  })
  expect(parser.parse(bytes)).toBe(0)
  return packets
}

/** Comparing buffers byte by byte would take the matcher seconds. */
function withTextPayload(packet: Packet): unknown {
  return packet.cmd === 'publish' ? { ...packet, payload: packet.payload.toString() } : packet
}

const moment = { seq: 0, intendedUs: 0, sentLagUs: 0 }

const message = fc.record({
  topic: fc.string({ minLength: 1, maxLength: 200, unit: 'grapheme' }),
  text: fc.oneof(
    fc.string({ maxLength: 130 }),
    fc.nat(40_000).map((length) => 'y'.repeat(length)),
  ),
  qos: fc.constantFrom(0 as const, 1 as const, 2 as const),
  retain: fc.boolean(),
  // Bodies promise more than they write.
  spareBytes: fc.constantFrom(0, 1, 100, 20_000),
})

describe('encoder of PUBLISH packets', () => {
  it('writes what mqtt-packet reads back, packet behind packet without a gap', () => {
    fc.assert(
      fc.property(
        fc.array(message, { minLength: 1, maxLength: 6 }),
        fc.constantFrom(4 as const, 5 as const),
        (messages, protocol) => {
          const slab = new Slab(1_000_000)
          messages.forEach(({ topic, text, qos, retain, spareBytes }, index) => {
            const request = {
              topic: encodeTopic(topic),
              qos,
              retain,
              body: new TextBody(text, protocol, spareBytes),
              moment,
              tag: null,
            }
            const end = slab.at
            expect(encodePublish(slab, request, 1_000 + index, request.topic, 0)).toBe(end)
          })

          const read = parse(slab.bytes.subarray(0, slab.at), protocol).map(withTextPayload)

          expect(read).toMatchObject(
            messages.map(({ topic, text, qos, retain }, index) => ({
              cmd: 'publish',
              topic,
              qos,
              retain,
              dup: false,
              payload: text,
              ...(qos === 0 ? {} : { messageId: 1_000 + index }),
            })),
          )
        },
      ),
    )
  })

  it('starts a new slab when one is full, and a larger one for a packet above its size', () => {
    const slab = new Slab(100)
    const first = slab.bytes
    const request = (length: number) => ({
      topic: encodeTopic('t'),
      qos: 0 as const,
      retain: false,
      body: new TextBody('z'.repeat(length), 4),
      moment,
      tag: null,
    })
    encodePublish(slab, request(60), 0, encodeTopic('t'), 0)
    const kept = Buffer.from(first)
    encodePublish(slab, request(60), 0, encodeTopic('t'), 0)
    encodePublish(slab, request(5_000), 0, encodeTopic('t'), 0)

    expect(slab.bytes).not.toBe(first)
    expect(first.equals(kept)).toBe(true)
    expect(parse(slab.bytes.subarray(0, slab.at), 4)).toHaveLength(1)
  })

  it('refuses a topic that no length field can hold', () => {
    expect(() => encodeTopic('x'.repeat(65_536))).toThrow('65,535')
  })

  it('acknowledges as mqtt-packet reads it', () => {
    const slab = new Slab()
    const types = ['puback', 'pubrec', 'pubrel', 'pubcomp'] as const
    types.forEach((_, index) => {
      encodeAck(slab, 4 + index, 300, 0)
      encodeAck(slab, 4 + index, 65_535, index >= 2 ? 0x92 : 0x97)
    })

    expect(parse(slab.bytes.subarray(0, slab.at), 5)).toMatchObject(
      types.flatMap((cmd, index) => [
        { cmd, messageId: 300 },
        { cmd, messageId: 65_535, reasonCode: index >= 2 ? 0x92 : 0x97 },
      ]),
    )
  })
})

describe('a stored packet on a connection that does not know its alias', () => {
  it('gets its topic back, loses the alias and keeps everything else', () => {
    const properties = fc.record(
      {
        contentType: fc.string({ maxLength: 200 }),
        messageExpiryInterval: fc.nat(),
        userProperties: fc.constant({ a: 'b', c: 'd' }),
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(properties, fc.nat(200), fc.boolean(), (others, length, isAnnounced) => {
        const written = {
          cmd: 'publish' as const,
          topic: isAnnounced ? '' : 'site/7',
          payload: Buffer.alloc(length, 1),
          qos: 1 as const,
          messageId: 77,
          dup: false,
          retain: true,
        }
        const packet = mqttPacket.generate(
          { ...written, properties: { ...others, topicAlias: 300 } },
          { protocolVersion: 5 },
        )
        const plain = mqttPacket.generate(
          { ...written, topic: 'site/7', properties: others },
          { protocolVersion: 5 },
        )

        expect(parse(withoutTopicAlias(packet, encodeTopic('site/7')), 5)).toEqual(parse(plain, 5))
      }),
    )
  })

  it('is written with no topic at all while the alias holds', () => {
    const slab = new Slab()
    const body = new TextBody('x', 5)
    const topic = encodeTopic('t')
    encodePublish(slab, { topic, qos: 0, retain: false, body, moment, tag: null }, 0, EMPTY_TOPIC, 4)

    expect(parse(slab.bytes.subarray(0, slab.at), 5)).toMatchObject([
      { topic: '', properties: { topicAlias: 4 } },
    ])
  })
})
