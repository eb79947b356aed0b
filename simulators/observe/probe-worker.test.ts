import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectAsync } from 'mqtt'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { freePort } from '../../tests/support/free-port.ts'
import { markedPayload } from '../../tests/support/marked-payload.ts'
import { startMosquitto } from '../../tests/support/mosquitto.ts'
import { describeWithMosquitto } from '../../tests/support/needs.ts'
import { profileOf } from '../../tests/support/profile-of.ts'
import { type Sins, startSinfulBroker } from '../../tests/support/sinful-broker.ts'
import type { ProfileInput } from '../profile/schema/profile.ts'
import type { ProbeDown, ProbeUp, RunFacts } from '../run/messages.ts'
import { machineNowMs } from '../run/run-clock.ts'
import { runProbe } from './probe-worker.ts'

const endings: (() => unknown)[] = []
afterEach(async () => {
  for (const ending of endings.splice(0).reverse()) await ending()
})

function factsFor(url: string, changes: Partial<ProfileInput> = {}, baseDir = '.'): RunFacts {
  const fleets = [{ count: 2, publish: [{ topic: 't/{{device}}', qos: 1 as const, every: '1s' }] }]
  const profile = profileOf({ broker: { url }, fleets, ...changes })
  return { run: 5, profile, baseDir, embeddedPort: null }
}

/** The supervisor's end of a link. */
function start() {
  const waiting: { type: string; resolve: (message: ProbeUp) => void }[] = []
  const messages: ProbeUp[] = []
  const down: ((message: ProbeDown) => void)[] = []
  const closed: (() => void)[] = []
  const ended = runProbe({
    send: (message) => {
      messages.push(message)
      const at = waiting.findIndex(({ type }) => type === message.type)
      if (at >= 0) waiting.splice(at, 1)[0]?.resolve(message)
    },
    onMessage: (listener) => void down.push(listener),
    onClosed: (listener) => void closed.push(listener),
  })
  const close = () => {
    for (const listener of closed) listener()
  }
  endings.push(close)
  return {
    ...{ ended, close, messages },
    send: (message: ProbeDown) => {
      for (const listener of down) listener(message)
    },
    next: <Type extends ProbeUp['type']>(type: Type) =>
      new Promise<Extract<ProbeUp, { type: Type }>>((resolve) => {
        // What is resolved has the type that was waited for.
        waiting.push({ type, resolve: resolve as (message: ProbeUp) => void })
      }),
  }
}

async function failureOf(facts: RunFacts) {
  const worker = start()
  const failed = worker.next('failed')
  worker.send({ type: 'subscribe', facts })
  const { error } = await failed
  await worker.ended
  return error
}

async function sinful(sins: Partial<Sins>): Promise<string> {
  const broker = await startSinfulBroker(sins)
  endings.push(() => broker.stop())
  return `mqtt://127.0.0.1:${broker.port}`
}

describe('the worker of the probe', () => {
  it('subscribes, samples, reads and stops as it is told', async () => {
    const url = await sinful({})
    const worker = start()
    const subscribed = worker.next('subscribed')
    worker.send({ type: 'subscribe', facts: factsFor(url) })
    expect((await subscribed).health).toMatchObject({ connections: 1, grantedQos: 1, blind: [] })
    worker.send({ type: 'run-started', zeroMs: machineNowMs(), warmUps: [] })
    const publisher = await connectAsync(url)
    endings.push(() => publisher.end(true))
    const stream = { run: 5, device: 0, publish: 0, qos: 1, epoch: 0, intendedUs: 0, sentLagUs: 0 } as const
    await publisher.publishAsync('t/fleet1-0', markedPayload({ ...stream, seq: 0 }), { qos: 1 })
    let { sample } = await worker.next('sample')
    while (sample.delivered[0] === 0) sample = (await worker.next('sample')).sample
    expect(sample).toMatchObject({ delivered: [1], duplicates: [0], missing: [0], blindSinceMs: null })
    worker.send({ type: 'draining' })
    const read = worker.next('reading')
    worker.send({ type: 'read' })
    const { reading, latency } = await read
    expect(reading.streams).toMatchObject([{ device: 0, distinct: 1 }])
    expect(latency).toHaveLength(1)
    worker.send({ type: 'stop' })
    await worker.ended
  })

  it('ends when its supervisor is gone, even while it connects', async () => {
    const url = await sinful({ handshake: 'silence' })
    const worker = start()
    worker.send({ type: 'subscribe', facts: factsFor(url) })
    await new Promise((resolve) => setImmediate(resolve))
    const began = performance.now()
    worker.close()
    await worker.ended
    expect(performance.now() - began).toBeLessThan(2_000)
  })

  it('has nothing to subscribe to when nothing is published, and says it is ready', async () => {
    const worker = start()
    const subscribed = worker.next('subscribed')
    const fleets = [{ count: 2, subscribe: [{ topic: 'x' }] }]
    worker.send({ type: 'subscribe', facts: factsFor('mqtt://127.0.0.1:1', { fleets }) })
    expect((await subscribed).health.connections).toBe(0)
  })
})

describe('a broker that cannot be used', () => {
  it('is unreachable when nobody listens', async () => {
    const port = await freePort()
    expect(await failureOf(factsFor(`mqtt://127.0.0.1:${port}`))).toMatchObject({
      code: 'BROKER_UNREACHABLE',
      message: expect.stringContaining(`127.0.0.1:${port}`),
    })
  })

  it('is unreachable when its name is unknown', async () => {
    const error = await failureOf(factsFor('mqtt://broker.invalid:1883'))
    expect(error).toMatchObject({ code: 'BROKER_UNREACHABLE' })
  })

  it.each<[string, Partial<Sins>, string, RegExp]>([
    ['answers in HTTP', { handshake: 'http' }, 'NOT_MQTT', /answered, but not in MQTT/],
    ['answers garbage', { handshake: 'garbage' }, 'NOT_MQTT', /answered, but not in MQTT/],
    [
      'closes in mid-handshake',
      { handshake: 'close' },
      'NOT_MQTT',
      /closed the connection without an answer/,
    ],
    [
      'resets in mid-handshake',
      { handshake: 'reset' },
      'NOT_MQTT',
      /closed the connection without an answer/,
    ],
    ['refuses the credentials', { refuseWith: 0x86 }, 'BROKER_REFUSED', /bad user name or password \(0x86\)/],
    [
      'refuses to let the probe subscribe',
      { grant: 0x87 },
      'PROBE_FAILED',
      /"t\/\+": not authorised \(0x87\)/,
    ],
  ])('says so when it %s', async (_what, sins, code, message) => {
    expect(await failureOf(factsFor(await sinful(sins)))).toMatchObject({
      code,
      message: expect.stringMatching(message),
    })
  })

  it('says so when it refuses the credentials in MQTT 3.1.1', async () => {
    const url = await sinful({ refuseWith: 5 })
    expect(await failureOf(factsFor(url, { broker: { url, protocol: '3.1.1' } }))).toMatchObject({
      code: 'BROKER_REFUSED',
      message: expect.stringContaining('not authorised (5)'),
    })
  })

  it('is given up after ten seconds when it never answers', async () => {
    const broker = await startSinfulBroker({ handshake: 'silence' })
    endings.push(() => broker.stop())
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    endings.push(() => vi.useRealTimers())
    const failure = failureOf(factsFor(`mqtt://127.0.0.1:${broker.port}`))
    while (broker.received.get('connect') === undefined) await new Promise((next) => setImmediate(next))
    vi.advanceTimersByTime(10_000)
    expect(await failure).toMatchObject({
      code: 'BROKER_UNREACHABLE',
      message: expect.stringMatching(/did not answer in 10 s/),
    })
  })

  it('is used with what it grants when that is less than asked for', async () => {
    const worker = start()
    const subscribed = worker.next('subscribed')
    worker.send({ type: 'subscribe', facts: factsFor(await sinful({ grant: 0 })) })
    expect((await subscribed).health.grantedQos).toBe(0)
  })

  it('is no WebSocket server when it answers in HTTP', async () => {
    const server = createServer((socket) => socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    endings.push(() => server.close())
    const address = server.address()
    const port = typeof address === 'object' && address ? address.port : 0
    expect(await failureOf(factsFor(`ws://127.0.0.1:${port}`))).toMatchObject({ code: 'NOT_MQTT' })
  })
})

describeWithMosquitto('TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'flotilla-probe-tls-'))
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })
  function certificate(name: string, ca?: string) {
    const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost']
    const key = [
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-keyout',
      `${name}.key`,
    ]
    const signer = ca ? ['-CA', `${ca}.pem`, '-CAkey', `${ca}.key`] : []
    openssl('req', '-x509', ...key, ...subject, '-days', '1', '-out', `${name}.pem`, ...signer)
  }
  async function secureBroker(...settings: string[]) {
    const broker = await startMosquitto({
      listener: [
        'listener {port} 127.0.0.1',
        `cafile ${join(folder, 'ca.pem')}`,
        `certfile ${join(folder, 'server.pem')}`,
        `keyfile ${join(folder, 'server.key')}`,
        ...settings,
      ],
    })
    endings.push(() => broker.stop())
    return `mqtts://127.0.0.1:${broker.port}`
  }
  certificate('ca')
  certificate('other')
  certificate('server', 'ca')
  certificate('probe', 'ca')
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))

  it('is used with the CA of the broker settings and the certificate of the probe', async () => {
    const url = await secureBroker('require_certificate true')
    const worker = start()
    const subscribed = worker.next('subscribed')
    const broker = { url, tls: { ca: 'ca.pem', cert: '{{device}}.pem', key: '{{device}}.key' } }
    const observe = { probe: { tls: { cert: 'probe.pem', key: 'probe.key' } } }
    worker.send({ type: 'subscribe', facts: factsFor(url, { broker, observe }, folder) })
    expect((await subscribed).health.grantedQos).toBe(1)
  })

  it.each<[string, string[], Record<string, unknown>]>([
    ['the CA is not known', [], {}],
    ['the CA is another one', [], { ca: 'other.pem' }],
    ['a client certificate is wanted and there is none', ['require_certificate true'], { ca: 'ca.pem' }],
    ['the certificate is for another host', [], { ca: 'ca.pem', serverName: 'broker.example' }],
  ])('fails with a reason when %s', async (_why, settings, tls) => {
    const url = await secureBroker(...settings)
    expect(await failureOf(factsFor(url, { broker: { url, tls } }, folder))).toMatchObject({
      code: 'TLS_FAILED',
    })
  })

  it('fails with a reason when the port speaks no TLS', async () => {
    const broker = await startMosquitto()
    endings.push(() => broker.stop())
    const url = `mqtts://127.0.0.1:${broker.port}`
    expect(await failureOf(factsFor(url))).toMatchObject({ code: 'TLS_FAILED' })
  })

  it('needs the files that the profile names', async () => {
    const url = 'mqtts://127.0.0.1:8883'
    const facts = factsFor(url, { broker: { url, tls: { ca: 'missing.pem' } } }, folder)
    expect(await failureOf(facts)).toMatchObject({
      code: 'FILE_UNREADABLE',
      message: expect.stringContaining('missing.pem'),
    })
  })
})
