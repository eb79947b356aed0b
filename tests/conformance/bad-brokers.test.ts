// Long because it is one list of the ways in which brokers fail.
import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Closure, OpenTransport } from '../../simulators/device/ports.ts'
import { makeCertificates, type TestCertificates } from '../support/certificates.ts'
import { freePort } from '../support/free-port.ts'
import { SETTINGS } from '../support/session-rig.ts'
import { OurClient, opener } from './our-client.ts'

// Everything here answers in milliseconds; what does not is broken.
vi.setConfig({ testTimeout: 5_000 })

const CONNACK_4 = Buffer.from([0x20, 2, 0, 0])
const CONNACK_5 = Buffer.from([0x20, 3, 0, 0, 0])

let files: TestCertificates
const servers: (Server | TlsServer)[] = []
const sockets = new Set<Socket>()

beforeAll(async () => {
  files = await makeCertificates()
})
afterAll(() => files.remove())
afterEach(() => {
  for (const socket of sockets) socket.destroy()
  for (const server of servers.splice(0)) server.close()
})

async function listen(server: Server | TlsServer): Promise<number> {
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port // never a pipe here
}

/** A server that treats each connection as told, whatever it is sent. */
function badBroker(treat: (socket: Socket) => void): Promise<number> {
  return listen(
    createServer((socket) => {
      sockets.add(socket)
      socket.on('error', () => {})
      treat(socket)
    }),
  )
}

/** One that says something as soon as it is spoken to. */
function answering(...answer: Buffer[]): Promise<number> {
  return badBroker((socket) => socket.once('data', () => socket.write(Buffer.concat(answer))))
}

function clientOf(open: OpenTransport, protocol: 4 | 5 = 5): OurClient {
  return new OurClient({ ...SETTINGS, cleanStart: true, protocol }, open)
}

/** How a connection to such a broker ends. */
async function endOf(open: OpenTransport, protocol: 4 | 5 = 5): Promise<Closure | undefined> {
  const client = clientOf(open, protocol)
  await client.connect().catch(() => {})
  await client.closed()
  return client.closure
}

function plain(port: number): OpenTransport {
  return opener({ scheme: 'mqtt', port })
}

describe('what a device says of a broker that', () => {
  it('is not there', async () => {
    const port = await freePort()

    expect(await endOf(plain(port))).toEqual({
      kind: 'unreachable',
      text: `nothing listens at 127.0.0.1:${port}: start the broker or check the port (ECONNREFUSED)`,
    })
    expect((await endOf(opener({ scheme: 'ws', port })))?.kind).toBe('unreachable')
    expect((await endOf(opener({ scheme: 'mqtts', port })))?.kind).toBe('unreachable')
  })

  it('speaks HTTP', async () => {
    const port = await answering(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'))

    expect(await endOf(plain(port))).toEqual({
      kind: 'not-mqtt',
      text: 'an HTTP answer instead of MQTT: "HTTP/1.1 400 Bad Request"; for MQTT over WebSocket use ws:// or wss://',
    })
  })

  it('speaks SSH, unasked', async () => {
    const port = await badBroker((socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n'))

    expect(await endOf(plain(port))).toMatchObject({ kind: 'not-mqtt', text: expect.stringContaining('SSH') })
  })

  it('speaks TLS where it is spoken to in plain', async () => {
    const port = await listen(
      createTlsServer({ key: readFileSync(files.serverKey), cert: readFileSync(files.server) }),
    )
    const closure = await endOf(plain(port))

    // OpenSSL may answer with an alert or just close.
    expect(['not-mqtt', 'reset']).toContain(closure?.kind)
  })

  it('answers garbage', async () => {
    const port = await answering(Buffer.from([0x00, 0xde, 0xad, 0xbe, 0xef]))

    expect(await endOf(plain(port))).toEqual({
      kind: 'not-mqtt',
      text: 'no MQTT: reserved type 0, which no broker sends; it began with 0x00deadbeef',
    })
  })

  it('sends garbage once connected', async () => {
    const port = await answering(CONNACK_5, Buffer.from([0xd0, 0, 0x36, 1, 2]))

    expect(await endOf(plain(port))).toEqual({
      kind: 'protocol-error',
      text: 'the broker sent a PUBLISH with QoS 3',
    })
  })

  it.each([
    ['before CONNACK', 4, Buffer.alloc(0), 'the broker closed the connection before CONNACK'],
    [
      'in the middle of CONNACK',
      4,
      CONNACK_4.subarray(0, 3),
      'the broker closed the connection before CONNACK',
    ],
    ['after CONNACK', 4, CONNACK_4, 'the broker closed the connection'],
  ] as const)('closes %s', async (_name, protocol, answer, text) => {
    const port = await badBroker((socket) => socket.once('data', () => socket.end(answer)))

    expect(await endOf(plain(port), protocol)).toEqual({ kind: 'reset', text })
  })

  it('resets the connection', async () => {
    const port = await badBroker((socket) => socket.once('data', () => socket.resetAndDestroy()))
    const closure = await endOf(plain(port))

    expect(closure).toEqual({
      kind: 'reset',
      text: `127.0.0.1:${port} reset the connection: check the network and the log of the broker (ECONNRESET)`,
    })
  })

  it('never answers CONNECT', async () => {
    let spoken: () => void = () => {}
    const hasSpoken = new Promise<void>((resolve) => {
      spoken = resolve
    })
    const port = await badBroker((socket) => socket.once('data', () => spoken()))
    const client = clientOf(plain(port))
    const connecting = client.connect()
    await hasSpoken
    client.session.tick(9_999)
    expect(client.closure).toBeUndefined()
    client.session.tick(10_000)

    await expect(connecting).rejects.toThrow('no CONNACK within 10 s')
    expect(client.closure?.kind).toBe('timeout')
  })

  it('acknowledges what was never sent', async () => {
    const port = await answering(CONNACK_4, Buffer.from([0x40, 2, 0, 9, 0x70, 2, 0, 9, 0x40, 2, 0, 1]))
    const client = clientOf(plain(port), 4)
    await client.connect()

    expect(client.session.isConnected).toBe(true)
    client.drop()
  })

  it('hands the client id to another', async () => {
    const port = await answering(CONNACK_5, Buffer.from([0xe0, 1, 0x8e]))

    expect(await endOf(plain(port))).toEqual({
      kind: 'server-disconnect',
      reasonCode: 0x8e,
      text: 'session taken over (0x8e)',
    })
  })

  it.each([
    [
      '404 Not Found',
      'answered HTTP 404 Not Found where a WebSocket was asked for: check the path of the URL',
    ],
    [
      '401 Unauthorized',
      'answered HTTP 401 Unauthorized where a WebSocket was asked for: check the path of the URL',
    ],
    ['200 OK', 'answered HTTP 200 OK where a WebSocket was asked for: check the path of the URL'],
  ])('refuses the WebSocket with %s', async (status, text) => {
    const port = await answering(Buffer.from(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\n\r\n`))

    expect(await endOf(opener({ scheme: 'ws', port }))).toEqual({
      kind: 'not-mqtt',
      text: `127.0.0.1:${port} ${text}`,
    })
  })

  it('gives no HTTP answer to a WebSocket', async () => {
    const port = await answering(CONNACK_5)

    expect(await endOf(opener({ scheme: 'ws', port }))).toMatchObject({
      kind: 'not-mqtt',
      text: expect.stringContaining('gave no HTTP answer where a WebSocket was asked for'),
    })
  })

  it('has no TLS', async () => {
    const port = await answering(CONNACK_5)

    expect(await endOf(opener({ scheme: 'mqtts', port }))).toEqual({
      kind: 'tls',
      text: `127.0.0.1:${port} does not speak TLS: use the TLS port, or mqtt:// and ws:// (ERR_SSL_UNEXPECTED_MESSAGE)`,
    })
  })

  it('closes in the TLS handshake', async () => {
    const port = await badBroker((socket) => socket.once('data', () => socket.destroy()))

    expect(await endOf(opener({ scheme: 'mqtts', port }))).toEqual({
      kind: 'tls',
      text: `127.0.0.1:${port} closed the connection during the TLS handshake: check that this port speaks TLS`,
    })
  })

  it('has a certificate of a CA that is not trusted', async () => {
    const port = await listen(
      createTlsServer({ key: readFileSync(files.serverKey), cert: readFileSync(files.server) }),
    )

    expect(await endOf(opener({ scheme: 'mqtts', port }))).toMatchObject({
      kind: 'tls',
      text: expect.stringContaining('give its CA certificate as tls.ca'),
    })
  })

  it('wants a client certificate', async () => {
    const server = createTlsServer({
      key: readFileSync(files.serverKey),
      cert: readFileSync(files.server),
      ca: readFileSync(files.ca),
      requestCert: true,
      rejectUnauthorized: true,
    })
    server.on('tlsClientError', () => {})
    const port = await listen(server)
    const closure = await endOf(opener({ scheme: 'mqtts', port, ca: readFileSync(files.ca, 'utf8') }))

    // TLS 1.3 refuses after the handshake: as an alert, if that overtakes the reset.
    expect(closure?.text).toMatch(
      /asks for a client certificate: set tls.cert and tls.key|reset the connection|closed the connection/,
    )
  })
})
