import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connectAsync } from 'mqtt'
import { startMosquitto } from '../../tests/support/mosquitto.ts'

export interface BenchBroker {
  port: number
  pid: number
  /** CA file when it speaks TLS, else empty. */
  caFile: string
  /** What it says it has received, once its numbers have stood still; waits longer for at least `packets`. */
  received(packets: number): Promise<Received>
  stop(): Promise<void>
}

export interface Received {
  /** PUBLISH packets of QoS 0 and 1: Mosquitto 2.0 leaves QoS 2 and retained ones out of this number. */
  publishes: number
  /** Control packets of every type. */
  packets: number
}

const PUBLISHES = '$SYS/broker/publish/messages/received'
const PACKETS = '$SYS/broker/messages/received'

function selfSigned(folder: string): { certificate: string; key: string } {
  const certificate = join(folder, 'server.pem')
  const key = join(folder, 'server.key')
  const { status, stderr } = spawnSync(
    'openssl',
    ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'].concat([
      '-addext',
      'subjectAltName=IP:127.0.0.1,DNS:localhost',
      '-out',
      certificate,
      '-keyout',
      key,
    ]),
    { encoding: 'utf8' },
  )
  if (status !== 0) throw new Error(`openssl could not make a certificate: ${stderr}`)
  return { certificate, key }
}

/** Mosquitto on loopback without limits of its own, and an eye on what it counts. */
export async function startBenchBroker({ tls = false } = {}): Promise<BenchBroker> {
  const folder = mkdtempSync(join(tmpdir(), 'flotilla-bench-'))
  const settings = ['max_inflight_messages 0', 'max_queued_messages 0', 'sys_interval 1']
  const plain = ['listener {port} 127.0.0.1']
  let listener = plain
  let caFile = ''
  if (tls) {
    const { certificate, key } = selfSigned(folder)
    caFile = certificate
    listener = [...plain, `certfile ${certificate}`, `keyfile ${key}`]
  }
  const mosquitto = await startMosquitto({ settings, listener })
  const url = `${tls ? 'mqtts' : 'mqtt'}://127.0.0.1:${mosquitto.port}`
  const client = await connectAsync(url, { clientId: 'bench-sys', rejectUnauthorized: false, keepalive: 0 })
  const latest: Received = { publishes: 0, packets: 0 }
  let changedAt = performance.now()
  client.on('message', (topic, payload) => {
    const key = topic === PACKETS ? 'packets' : 'publishes'
    const value = Number(payload.toString())
    if (value !== latest[key]) changedAt = performance.now()
    latest[key] = value
  })
  await client.subscribeAsync([PUBLISHES, PACKETS])
  return {
    port: mosquitto.port,
    pid: mosquitto.pid,
    caFile,
    // It tells once a second, and only what changed: two quiet seconds mean the count is final.
    received: async (packets) => {
      const deadline = performance.now() + 10_000
      changedAt = Math.max(changedAt, performance.now() - 1000)
      while (performance.now() < deadline) {
        const quietMs = performance.now() - changedAt
        if (latest.packets >= packets ? quietMs > 2100 : quietMs > 5000) break
        await sleep(50)
      }
      return { ...latest }
    },
    stop: async () => {
      await client.endAsync(true)
      await mosquitto.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
