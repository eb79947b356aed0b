import fc from 'fast-check'
import mqttPacket, { type IPublishPacket } from 'mqtt-packet'
import { describe, expect, test } from 'vitest'
import {
  bodyBytes,
  momentOf,
  type PublisherOptions,
  publisherOf,
  publishOf,
  RUN,
} from '../../../tests/support/publishing.ts'
import { readMarker, readUserProperty } from '../../delivery/marker.ts'
import { createSighting } from '../../delivery/marker-sighting.ts'

const topicOf = (bytes: Buffer) => {
  expect(bytes.readUInt16BE(0)).toBe(bytes.length - 2)
  return bytes.toString('utf8', 2)
}

/** The packet that the far end reads when topic and body go out at QoS 0. */
function packetOf(
  input: Parameters<typeof publishOf>[0],
  options: PublisherOptions = {},
  alias = 0,
): IPublishPacket {
  const { protocol = 5 } = options
  const publisher = publisherOf(publishOf(input), { ...options, protocol })
  const moment = momentOf(3)
  const rest = Buffer.concat([publisher.topicFor(moment), bodyBytes(publisher, 0, moment, alias)])
  const header = [0x30]
  for (let length = rest.length; ; length >>= 7) {
    header.push(length > 127 ? (length & 127) | 128 : length)
    if (length <= 127) break
  }
  const packets: mqttPacket.Packet[] = []
  const parser = mqttPacket.parser({ protocolVersion: protocol })
  parser.on('packet', (packet) => packets.push(packet))
  parser.parse(Buffer.concat([Buffer.from(header), rest]))
  const [packet] = packets
  if (packet?.cmd !== 'publish') throw new Error('no PUBLISH')
  return packet
}

const propertiesOf = (packet: IPublishPacket) => ({ ...packet.properties?.userProperties })

describe('A PUBLISH of MQTT 5', () => {
  test('carries its properties as a reader of our own age understands them', () => {
    const packet = packetOf(
      {
        marker: 'none',
        contentType: 'application/json',
        messageExpiry: '90s',
        userProperties: { site: 'São {{device}}', n: '{{seq}}' },
        payload: { text: 'hello' },
      },
      {},
      513,
    )
    expect(packet.payload.toString()).toBe('hello')
    expect(packet.properties).toMatchObject({
      contentType: 'application/json',
      messageExpiryInterval: 90,
      topicAlias: 513,
    })
    expect(propertiesOf(packet)).toEqual({ site: 'São meters-7', n: '3' })
  })

  test('has an empty property section when there is nothing to say', () => {
    const publisher = publisherOf(publishOf({ marker: 'none', payload: { text: 'x' } }), { protocol: 5 })
    expect(bodyBytes(publisher, 0, momentOf(0))).toEqual(Buffer.from('\0x'))
  })

  test('rounds an expiry below a second up, as zero would mean that it never arrives', () => {
    expect(packetOf({ messageExpiry: '400ms' }).properties?.messageExpiryInterval).toBe(1)
  })

  test('carries the marker in a user property, the payload, both, or nowhere', () => {
    const seen = createSighting()
    for (const marker of ['payload', 'property', 'both', 'none'] as const) {
      const packet = packetOf({ marker })
      const payload = Buffer.from(packet.payload)
      const value = propertiesOf(packet)['fl-id']
      const inProperty = marker === 'property' || marker === 'both'
      const inPayload = marker === 'payload' || marker === 'both'
      expect(readUserProperty(String(value), payload, seen)).toBe(inProperty ? 'intact' : 'absent')
      expect(readMarker(payload, seen)).toBe(inPayload ? 'intact' : 'absent')
      if (marker !== 'none') expect(seen).toMatchObject({ run: RUN, device: 7, publish: 2, seq: 3 })
    }
  })

  test('is well-formed at every length of its properties, with and without alias', () => {
    const fixed = fc.integer({ min: 0, max: 300 })
    fc.assert(
      fc.property(fixed, fixed, fc.boolean(), fc.boolean(), (constant, drawn, isChanging, hasAlias) => {
        const changing = drawn > 0 && isChanging ? `{{bytes ${drawn}}}{{uniform -1e15 1e15}}` : 'z'
        const userProperties = { a: 'x'.repeat(constant), b: changing }
        const packet = packetOf({ marker: 'both', userProperties }, {}, hasAlias ? 7 : 0)
        const properties = propertiesOf(packet)
        expect(properties.a).toBe(userProperties.a)
        expect(packet.properties?.topicAlias).toBe(hasAlias ? 7 : undefined)
        const payload = Buffer.from(packet.payload)
        expect(readUserProperty(String(properties['fl-id']), payload, createSighting())).toBe('intact')
        expect(readMarker(payload, createSighting())).toBe('intact')
      }),
      { numRuns: 300 },
    )
  })

  test('refuses a user property that can grow longer than MQTT carries', () => {
    const settings = publishOf({ userProperties: { big: '{{username}}{{bytes 65535}}' } })
    expect(() => publisherOf(settings, { protocol: 5 })).toThrow(/"big" can have 65537 bytes/)
  })
})

describe('A PUBLISH of MQTT 3.1.1', () => {
  test('has no properties, and only its payload can carry the marker', () => {
    const input = {
      marker: 'both',
      contentType: 'text/plain',
      userProperties: { a: 'b' },
      payload: { text: 'x' },
    } as const
    const payload = Buffer.from(packetOf(input, { protocol: 4 }).payload)
    expect(payload.toString()).toMatch(/^x ~fl1:.*~$/)
    expect(readMarker(payload, createSighting())).toBe('intact')
    expect(packetOf({ ...input, marker: 'property' }, { protocol: 4 }).payload.toString()).toBe('x')
  })
})

describe('A topic', () => {
  test('without variables of the message is one buffer for all messages', () => {
    const publisher = publisherOf(publishOf({ topic: 'a/{{device}}/%i' }), { facts: { device: '😀' } })
    expect(publisher.constantTopic).toBe(true)
    expect(topicOf(publisher.topicFor(momentOf(0)))).toBe('a/😀/7')
    expect(publisher.topicFor(momentOf(1))).toBe(publisher.topicFor(momentOf(0)))
  })

  test('with variables of the message changes with each, and only then', () => {
    const publisher = publisherOf(publishOf({ topic: 'a/{{seq}}/{{bytes 8}}' }))
    expect(publisher.constantTopic).toBe(false)
    const before = publisher.topicFor(momentOf(0))
    expect(publisher.topicFor(momentOf(0))).toEqual(before)
    bodyBytes(publisher, 0, momentOf(0))
    const after = publisher.topicFor(momentOf(1))
    expect(topicOf(before)).toMatch(/^a\/0\/[A-Za-z0-9]{8}$/)
    expect(topicOf(after)).toMatch(/^a\/1\/[A-Za-z0-9]{8}$/)
    expect(topicOf(after).slice(4)).not.toBe(topicOf(before).slice(4))
  })

  test('that can grow longer than MQTT carries is refused', () => {
    const settings = publishOf({ topic: '{{username}}{{bytes 65535}}' })
    expect(() => publisherOf(settings)).toThrow(/topic can have 65537 bytes/)
  })
})
