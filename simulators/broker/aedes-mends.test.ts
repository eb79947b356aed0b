import { generate, type Packet, parser } from 'mqtt-packet'
import { describe, expect, it } from 'vitest'
import { embeddedRig, messages, publish } from '../../tests/support/embedded-rig.ts'

const rig = embeddedRig()
const { client } = rig

describe('what aedes gets wrong on its own', () => {
  it('a retained message is not lost when another message follows in the same segment', async () => {
    const subscriber = await client()
    await subscriber.subscribeAsync('#', { qos: 0 })
    const seen = messages(subscriber, 4)
    const socket = await rig.rawSession('mixed')
    const retain = { retain: true }
    socket.write(
      Buffer.concat([
        publish('r', '1', retain),
        publish('n', '1'),
        publish('r', '2', retain),
        publish('n', '2'),
      ]),
    )
    expect((await seen).sort()).toEqual(['n:1:0', 'n:2:0', 'r:1:0', 'r:2:0'])
  })

  it('a subscriber with a session gets every QoS 2 message released, many at a time', async () => {
    const subscriber = await client({
      clientId: 'released',
      protocolVersion: 5,
      properties: { sessionExpiryInterval: 9 },
    })
    await subscriber.subscribeAsync('#', { qos: 2 })
    // MQTT.js hands a QoS 2 message on when it is released.
    const seen = messages(subscriber, 500)
    const publisher = await client()
    for (let index = 0; index < 500; index += 1) publisher.publish('q', String(index), { qos: 2 })
    expect((await seen).map((one) => Number(one.split(':')[1]))).toEqual(
      Array.from({ length: 500 }, (_, index) => index),
    )
  })

  it('overlapping subscriptions of one client bring one copy', async () => {
    const subscriber = await client({
      clientId: 'overlap',
      clean: false,
      protocolVersion: 5,
      properties: { sessionExpiryInterval: 9 },
    })
    await subscriber.subscribeAsync(['o/#', 'o/+'], { qos: 2 })
    const seen = messages(subscriber, 4)
    const publisher = await client()
    await publisher.publishAsync('o/x', '1', { qos: 2 })
    await publisher.publishAsync('o/x', '2', { qos: 1 })
    await publisher.publishAsync('o/x', '3', { qos: 2, retain: true })
    await publisher.publishAsync('o/y', 'end', { qos: 2 })
    expect((await seen).map((one) => one.split(':')[1])).toEqual(['1', '2', '3', 'end'])
  })

  it('a new session may use the packet id of an unfinished QoS 2 message again', async () => {
    const subscriber = await client()
    await subscriber.subscribeAsync('#', { qos: 2 })
    const seen = messages(subscriber, 2)
    const first = await rig.rawSession('again')
    first.write(publish('q', 'unfinished', { qos: 2, messageId: 1 }))
    await new Promise((resolve) => first.once('data', resolve))
    first.destroy()
    const second = await rig.rawSession('again')
    second.write(publish('q', 'fresh', { qos: 2, messageId: 1 }))
    expect(await seen).toEqual(['q:unfinished:2', 'q:fresh:2'])
  })

  it('a resumed session recognises a QoS 2 message that is sent again', async () => {
    const subscriber = await client()
    await subscriber.subscribeAsync('#', { qos: 2 })
    const seen = messages(subscriber, 2)
    const first = await rig.rawSession('resumed', false)
    first.write(publish('q', 'once', { qos: 2, messageId: 1 }))
    await new Promise((resolve) => first.once('data', resolve))
    first.destroy()
    const second = await rig.rawSession('resumed', false)
    second.write(publish('q', 'once', { qos: 2, messageId: 1, dup: true }))
    second.write(publish('q', 'next', { qos: 2, messageId: 2 }))
    expect(await seen).toEqual(['q:once:2', 'q:next:2'])
  })

  it('survives 20,000 messages without a subscriber that arrive at once', async () => {
    const socket = await rig.rawSession('flood')
    socket.write(Buffer.concat(Array.from({ length: 20_000 }, () => publish('nobody', 'x'))))
    socket.write(publish('nobody', 'x', { qos: 1, messageId: 7 }))
    await new Promise((resolve) => socket.once('data', resolve))
  })
})

describe('what aedes gets wrong and is left as it is', () => {
  it('a wildcard subscription of QoS 0 or 1: the first is kept to, the second gets QoS 2 as well', async () => {
    const publisher = await client()
    for (const [granted, got] of [
      [0, 0],
      [1, 2],
    ] as const) {
      const subscriber = await client()
      await subscriber.subscribeAsync('w/+', { qos: granted })
      const seen = messages(subscriber, 1)
      await publisher.publishAsync('w/x', 'm', { qos: 2 })
      expect(await seen).toEqual([`w/x:m:${got}`])
    }
  })

  it('the Receive Maximum of a subscriber is not heeded', async () => {
    const socket = rig.socket()
    const version = { protocolId: 'MQTT', protocolVersion: 5 } as const
    const write = (packet: Packet) => socket.write(generate(packet, version))
    const packets = parser(version)
    const unacknowledged = new Promise((resolve) => {
      let count = 0
      packets.on('packet', ({ cmd }: Packet) => {
        if (cmd === 'publish') count += 1
        if (count === 20) resolve(count)
      })
    })
    const subscribed = new Promise<void>((resolve) => {
      packets.on('packet', ({ cmd }: Packet) => void (cmd === 'suback' && resolve()))
    })
    socket.on('data', (bytes) => void packets.parse(bytes))
    const connect = { cmd: 'connect', clientId: 'slow', clean: true, keepalive: 0, ...version } as const
    write({ ...connect, properties: { receiveMaximum: 1 } })
    write({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'r', qos: 1 }] })
    await subscribed
    const publisher = await client()
    for (let index = 0; index < 20; index += 1) publisher.publish('r', String(index), { qos: 1 })
    expect(await unacknowledged).toBe(20)
  })
})
