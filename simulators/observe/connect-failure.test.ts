import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { startBadBroker } from '../../tests/support/bad-broker.ts'
import { freePort } from '../../tests/support/free-port.ts'
import { startMosquitto } from '../../tests/support/mosquitto.ts'
import { describeWithMosquitto } from '../../tests/support/needs.ts'
import { factsFor, probeWorkerRig } from '../../tests/support/probe-worker-rig.ts'
import { type Sins, startSinfulBroker } from '../../tests/support/sinful-broker.ts'

const { atEnd, start, failureOf, sinful } = probeWorkerRig()

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
    ['answers in HTTP', { handshake: 'http' }, 'NOT_MQTT', /an HTTP answer instead of MQTT: "HTTP/],
    ['answers garbage', { handshake: 'garbage' }, 'NOT_MQTT', /no MQTT: .+; it began with 0x/],
    ['closes in mid-handshake', { handshake: 'close' }, 'NOT_MQTT', /closed the connection before CONNACK/],
    ['resets in mid-handshake', { handshake: 'reset' }, 'NOT_MQTT', /reset the connection/],
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
    atEnd(() => broker.stop())
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    atEnd(() => vi.useRealTimers())
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
    atEnd(() => server.close())
    const address = server.address()
    const port = typeof address === 'object' && address ? address.port : 0
    expect(await failureOf(factsFor(`ws://127.0.0.1:${port}`))).toMatchObject({
      code: 'NOT_MQTT',
      message: expect.stringContaining('answered HTTP 404 where a WebSocket was asked for'),
    })
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
    atEnd(() => broker.stop())
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

  it.each([
    ['one that is issued as for every device', { issue: { ca: 'ca.pem', key: 'ca.key' } }],
    ['the one that all devices share', { cert: 'probe.pem', key: 'probe.key' }],
  ])('is used with a client certificate of the broker settings: %s', async (_which, settings) => {
    const url = await secureBroker('require_certificate true')
    const worker = start()
    const subscribed = worker.next('subscribed')
    const broker = { url, tls: { ca: 'ca.pem', ...settings } }
    worker.send({ type: 'subscribe', facts: factsFor(url, { broker }, folder) })
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
    const [mosquitto, http] = [await startMosquitto(), await startBadBroker('speaks HTTP')]
    atEnd(() => mosquitto.stop())
    atEnd(() => http.stop())
    // One closes, the other answers something else.
    expect(await failureOf(factsFor(`mqtts://127.0.0.1:${mosquitto.port}`))).toMatchObject({
      code: 'TLS_FAILED',
      message: expect.stringContaining('check that this port speaks TLS'),
    })
    expect(await failureOf(factsFor(`mqtts://127.0.0.1:${http.port}`))).toMatchObject({
      code: 'TLS_FAILED',
      message: expect.stringMatching(/does not speak TLS: use the TLS port, or mqtt:\/\/ and ws:\/\//),
    })
  })

  it('needs the files that the profile names', async () => {
    const url = 'mqtts://127.0.0.1:8883'
    const facts = factsFor(url, { broker: { url, tls: { ca: 'missing.pem' } } }, folder)
    expect(await failureOf(facts)).toMatchObject({
      code: 'FILE_UNREADABLE',
      message: expect.stringContaining('missing.pem: there is no such file'),
    })
  })
})
