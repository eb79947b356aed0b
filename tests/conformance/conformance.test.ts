// Long because it is one suite that runs over two clients.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createClientContext } from '../../simulators/device/certificates.ts'
import { tlsTransport } from '../../simulators/device/transport/tls.ts'
import { wsTransport } from '../../simulators/device/transport/ws.ts'
import { makeCertificates, type TestCertificates } from '../support/certificates.ts'
import { freePort } from '../support/free-port.ts'
import { type Mosquitto, startMosquitto } from '../support/mosquitto.ts'
import { RelayStream } from '../support/relay-stream.ts'
import { SETTINGS } from '../support/session-rig.ts'
import { startProxy } from '../support/severable-proxy.ts'
import type { Client, ClientSettings, Target } from './client.ts'
import { MQTT_JS } from './mqttjs-client.ts'
import { OURS, OurClient } from './our-client.ts'

// Everything here answers in milliseconds; what does not is broken.
vi.setConfig({ testTimeout: 5_000 })

let broker: Mosquitto
let guarded: Mosquitto
let files: TestCertificates
let targets: Record<'plain' | 'guarded' | 'tls' | 'mutual' | 'ws' | 'wss', Target>
let count = 0
const open: Client[] = []

beforeAll(async () => {
  files = await makeCertificates()
  const [tls, mutual, ws, wss] = await Promise.all([freePort(), freePort(), freePort(), freePort()])
  const server = [`certfile ${files.server}`, `keyfile ${files.serverKey}`]
  const loopback = '127.0.0.1'
  broker = await startMosquitto({
    settings: ['max_inflight_messages 0', 'max_queued_messages 0', 'max_topic_alias 10'],
    listener: [
      `listener ${tls} ${loopback}`,
      ...server,
      `listener ${mutual} ${loopback}`,
      ...server,
      `cafile ${files.ca}`,
      'require_certificate true',
      `listener ${ws} ${loopback}`,
      'protocol websockets',
      `listener ${wss} ${loopback}`,
      'protocol websockets',
      ...server,
      // The one that is waited for comes last.
      `listener {port} ${loopback}`,
    ],
  })
  const passwords = join(files.folder, 'passwords')
  execFileSync('mosquitto_passwd', ['-b', '-c', passwords, 'meter', 'sesame'])
  guarded = await startMosquitto({ settings: ['allow_anonymous false', `password_file ${passwords}`] })
  const ca = readFileSync(files.ca, 'utf8')
  const cert = readFileSync(files.client, 'utf8')
  const key = readFileSync(files.clientKey, 'utf8')
  targets = {
    plain: { scheme: 'mqtt', port: broker.port },
    guarded: { scheme: 'mqtt', port: guarded.port },
    tls: { scheme: 'mqtts', port: tls, ca },
    mutual: { scheme: 'mqtts', port: mutual, ca, cert, key },
    ws: { scheme: 'ws', port: ws },
    wss: { scheme: 'wss', port: wss, ca },
  }
})

afterAll(async () => {
  for (const client of open) client.drop()
  await Promise.all([broker.stop(), guarded.stop()])
  await files.remove()
})

const numbers = (length: number): string[] => Array.from({ length }, (_, index) => String(index))

describe.each([OURS, MQTT_JS])('$name', (maker) => {
  describe.each([4, 5] as const)('MQTT version %i', (protocol) => {
    function make(settings: Partial<ClientSettings> = {}, target = targets.plain): Client {
      count += 1
      const client = maker.make({ protocol, clientId: `client-${count}`, ...settings }, target)
      open.push(client)
      return client
    }

    /** A second client of the same kind that sees everything below a topic. */
    async function witness(topic: string, qos: 0 | 1 | 2 = 2): Promise<Client> {
      const client = make({ subscriptions: [{ topic: `${topic}/#`, qos }] })
      await client.connect()
      await client.subscribed()
      return client
    }

    function unique(name: string): string {
      count += 1
      return `${name}-${count}`
    }

    it('connects without an earlier session', async () => {
      expect(await make().connect()).toBe(false)
    })

    it('is refused with a wrong password and let in with the right one', async () => {
      const right = make({ username: 'meter', password: 'sesame' }, targets.guarded)
      const wrong = make({ username: 'meter', password: 'simsalabim' }, targets.guarded)

      await expect(wrong.connect()).rejects.toThrow(/not authori[sz]ed/i)
      expect(await right.connect()).toBe(false)
    })

    it.each([0, 1, 2] as const)('publishes at QoS %i, all of it and in order', async (qos) => {
      const topic = unique('order')
      const far = await witness(topic)
      const near = make()
      await near.connect()
      const codes = await Promise.all(numbers(200).map((text) => near.publish(`${topic}/x`, text, qos)))
      const seen = await far.receive(200)

      expect(seen.map(({ text }) => text)).toEqual(numbers(200))
      expect(new Set(seen.map((message) => message.qos))).toEqual(new Set([qos]))
      expect(new Set(codes)).toEqual(new Set([0]))
    })

    it('publishes packets of every length that changes the header', async () => {
      const topic = unique('lengths')
      const far = await witness(topic)
      const near = make()
      await near.connect()
      const texts = [0, 1, 100, 110, 120, 130, 16_350, 16_400, 300_000].map((length) => 'z'.repeat(length))
      await Promise.all(texts.map((text) => near.publish(`${topic}/x`, text, 1)))

      const seen = await far.receive(texts.length)
      expect(seen.map(({ text }) => text.length)).toEqual(texts.map(({ length }) => length))
      expect(seen.every(({ text }) => /^z*$/.test(text))).toBe(true)
    })

    it('leaves a retained message behind', async () => {
      const topic = unique('retained')
      const near = make()
      await near.connect()
      await near.publish(`${topic}/x`, 'kept', 1, true)
      const far = await witness(topic)

      expect(await far.receive(1)).toEqual([{ topic: `${topic}/x`, text: 'kept', qos: 1, retain: true }])
      await near.publish(`${topic}/x`, '', 1, true)
    })

    it.each([0, 1, 2] as const)('receives at QoS %i what was published at QoS 2', async (qos) => {
      const topic = unique('receive')
      const far = await witness(topic, qos)
      const near = make()
      await near.connect()
      await Promise.all(numbers(100).map((text) => near.publish(`${topic}/x`, text, 2)))

      const seen = await far.receive(100)
      expect(seen).toEqual(numbers(100).map((text) => ({ topic: `${topic}/x`, text, qos, retain: false })))
    })

    it('finishes after a broken connection what was in flight, when the session is kept', async () => {
      const topic = unique('resume')
      const far = await witness(topic)
      const proxy = await startProxy(broker.port)
      const near = make({ cleanStart: false }, { scheme: 'mqtt', port: proxy.port })
      await near.connect()
      await near.publish(`${topic}/x`, 'before', 2)
      proxy.mute()
      const qos = [1, 2, 2] as const
      const codes = qos.map((each, index) => near.publish(`${topic}/x`, String(index), each))
      // The broker has had them, and the client none of its answers.
      await far.receive(2)
      proxy.sever()
      await near.closed()
      proxy.unmute()

      expect(await near.connect()).toBe(true)
      expect(await Promise.all(codes)).toEqual([0, 0, 0])
      await near.publish(`${topic}/x`, 'end', 2)
      while (far.received.at(-1)?.text !== 'end') await far.receive(far.received.length + 1)
      const seen = far.received.map(({ text }) => text)
      // QoS 1 may come twice, QoS 2 not.
      expect(seen.filter((text) => text !== '0')).toEqual(['before', '1', '2', 'end'])
      expect(seen).toContain('0')
      await near.disconnect()
      await proxy.stop()
    })

    it('gets what was sent to it while it was away', async () => {
      const topic = unique('away')
      const settings = { cleanStart: false, subscriptions: [{ topic: `${topic}/#`, qos: 1 as const }] }
      const far = make(settings)
      await far.connect()
      await far.subscribed()
      far.drop()
      await far.closed()
      const near = make()
      await near.connect()
      await Promise.all(numbers(10).map((text) => near.publish(`${topic}/x`, text, 1)))

      expect(await far.connect()).toBe(true)
      expect((await far.receive(10)).map(({ text }) => text)).toEqual(numbers(10))
      await far.disconnect()
    })

    it('has a will when it vanishes and none when it says goodbye', async () => {
      const topic = unique('will')
      const far = await witness(topic)
      const will = (text: string) => ({ topic: `${topic}/w`, payload: text, qos: 1 as const, retain: false })
      const polite = make({ will: will('polite'), sessionExpiryS: 0 })
      const rude = make({ will: will('rude'), sessionExpiryS: 0 })
      await Promise.all([polite.connect(), rude.connect()])
      await polite.disconnect()
      rude.drop()

      expect(await far.receive(1)).toEqual([{ topic: `${topic}/w`, text: 'rude', qos: 1, retain: false }])
    })

    it('loses its connection when another client takes its id', async () => {
      const clientId = unique('twin')
      const first = make({ clientId })
      await first.connect()
      const second = make({ clientId })
      await second.connect()

      await expect(first.closed()).resolves.not.toThrow()
      await expect(second.publish('twin', 'x', 1)).resolves.toBeDefined()
    })

    it.each(['tls', 'mutual', 'ws', 'wss'] as const)('works over %s', async (name) => {
      const topic = unique(name)
      const near = make({ subscriptions: [{ topic: `${topic}/#`, qos: 2 }] }, targets[name])
      await near.connect()
      await near.subscribed()
      // Larger ones Mosquitto's libwebsockets may keep to itself, with TLS underneath and for either client.
      const large = name === 'tls' || name === 'mutual' ? 200_000 : 20_000
      const texts = ['small', 'L'.repeat(large), ...numbers(50)]
      const codes = texts.map((text, index) => near.publish(`${topic}/x`, text, index % 2 === 0 ? 1 : 2))

      expect(new Set(await Promise.all(codes))).toEqual(new Set([0]))
      const seen = (await near.receive(texts.length)).map(({ text }) => text)
      expect(seen.toSorted()).toEqual(texts.toSorted())
      await near.disconnect()
    })

    if (protocol === 5) {
      it('names topics by alias without losing track of them', async () => {
        const topic = unique('alias')
        const far = await witness(topic)
        const near = make({ topicAliases: 3 })
        await near.connect()
        const sent = numbers(40).map((text) => ({ topic: `${topic}/${Number(text) % 5}`, text }))
        await Promise.all(sent.map((message) => near.publish(message.topic, message.text, 1)))

        expect(await far.receive(40)).toMatchObject(sent)
      })
    }
  })
})

describe('our session', () => {
  it('keeps to the Receive Maximum of the broker', async () => {
    const small = await startMosquitto({ settings: ['max_inflight_messages 3'] })
    const settings = { protocol: 5 as const, clientId: 'small-window', inFlight: 100 }
    const client = OURS.make(settings, { scheme: 'mqtt', port: small.port })
    await client.connect()
    await Promise.all(numbers(50).map((text) => client.publish('window', text, 2)))

    expect(client instanceof OurClient && client.highestInFlight).toBe(3)
    await client.disconnect()
    await small.stop()
  })

  it('is told that nobody has subscribed', async () => {
    const client = OURS.make({ protocol: 5, clientId: 'lonely' }, targets.plain)
    await client.connect()

    expect(await client.publish('nobody', 'x', 1)).toBe(0x10)
    await client.disconnect()
  })

  it('gives up what was in flight when the broker has lost the session', async () => {
    const proxy = await startProxy(broker.port)
    const settings = { protocol: 5 as const, clientId: 'forgetful', cleanStart: true }
    const client = OURS.make(settings, { scheme: 'mqtt', port: proxy.port })
    await client.connect()
    proxy.mute()
    const given = Promise.allSettled([client.publish('lost', '1', 1), client.publish('lost', '2', 2)])
    client.drop()
    proxy.unmute()
    await client.connect()

    expect((await given).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    await client.disconnect()
    await proxy.stop()
  })

  it.each(['mqtts', 'ws', 'wss'] as const)('runs %s over any stream that it is given', async (scheme) => {
    const target = { mqtts: targets.tls, ws: targets.ws, wss: targets.wss }[scheme]
    const { port } = target
    const streams: RelayStream[] = []
    function createSocket(): RelayStream {
      const stream = new RelayStream(port)
      streams.push(stream)
      return stream
    }
    const host = '127.0.0.1'
    const tls = { secureContext: createClientContext(target.ca, undefined), verify: true }
    const open =
      scheme === 'mqtts'
        ? tlsTransport({ host, port, ...tls, createSocket })
        : scheme === 'ws'
          ? wsTransport({ host, port, path: '/mqtt', createSocket })
          : wsTransport({ host, port, path: '/mqtt', tls: { ...tls, createSocket } })
    const client = new OurClient({ ...SETTINGS, clientId: `over-${scheme}`, cleanStart: true }, open)
    await client.connect()

    expect(await client.publish('over', 'x'.repeat(50_000), 2)).toBe(0)
    await client.disconnect()
    expect(streams[0]?.bytesRead).toBeGreaterThan(0)
  })

  it('is still connected after its ping was answered, and not when it was not', async () => {
    const proxy = await startProxy(broker.port)
    const settings = { protocol: 5 as const, clientId: 'quiet', keepAliveS: 60 }
    const client = OURS.make(settings, { scheme: 'mqtt', port: proxy.port })
    if (!(client instanceof OurClient)) throw new Error('not ours')
    await client.connect()
    const { session } = client
    session.tick(0)
    session.tick(59_000)
    // Its answer is behind that of the ping.
    await client.publish('quiet', 'x', 1)
    session.tick(119_500)
    expect(session.isConnected).toBe(true)
    proxy.mute()
    session.tick(179_000)
    session.tick(239_000)

    expect(client.closure).toEqual({ kind: 'keep-alive', text: 'no PINGRESP within the keep-alive of 60 s' })
    await proxy.stop()
  })
})
