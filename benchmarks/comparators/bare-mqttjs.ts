/**
 * The fair driver on the best client library: MQTT.js with its defaults, one 1 ms schedule for all devices, a payload
 * templated in the simplest way, and nothing else. Speaks the line protocol of commands.ts.
 */
import { readFileSync } from 'node:fs'
import { createHistogram } from 'node:perf_hooks'
import { connect, type MqttClient } from 'mqtt'
import { summarise } from '../support/percentiles.ts'
import { obey, readWorkload, tell } from './commands.ts'
import { Pace } from './pace.ts'

const workload = readWorkload()
const { devices, qos, totalRateHz, payloadBytes, window, latency } = workload
const padding = 'x'.repeat(payloadBytes)
const clients: MqttClient[] = []
const ackMs = createHistogram()
const pace = new Pace()
let messages = 0
let acked = 0
let stopped = false
let counted = false

function payloadOf(device: number): string {
  const head = `{"device":"d${device}","seq":${messages},"at":${Date.now()},"value":${(Math.random() * 50).toFixed(2)},"pad":"`
  return `${head}${padding.slice(head.length + 2)}"}`
}

function countAck(error?: Error): void {
  if (!error) acked += 1
}

function publish(device: number, done = countAck): void {
  const client = clients[device]
  if (!client) return
  messages += 1
  if (qos === 0) {
    client.publish(`bench/d${device}`, payloadOf(device), { qos })
    acked += 1
  } else if (latency) {
    const from = performance.now()
    client.publish(`bench/d${device}`, payloadOf(device), { qos }, (error) => {
      ackMs.record(Math.max(1, Math.round((performance.now() - from) * 1000)))
      done(error)
    })
  } else client.publish(`bench/d${device}`, payloadOf(device), { qos }, done)
}

/** Keeps `window` messages of one device unacknowledged. */
function publishAlways(device: number): void {
  const again = (error?: Error) => {
    countAck(error)
    if (!stopped) publish(device, again)
  }
  for (let open = 0; open < window; open += 1) publish(device, again)
}

/** QoS 0: one message per device and turn, for every device whose socket takes it. */
function publishRound(): void {
  if (stopped) return
  let blocked = true
  for (let device = 0; device < devices; device += 1) {
    if (clients[device]?.stream.writableNeedDrain) continue
    publish(device)
    blocked = false
  }
  if (blocked) setTimeout(publishRound, 1)
  else setImmediate(publishRound)
}

function connectAll(): void {
  const startMs = performance.now()
  const ca = workload.caFile ? readFileSync(workload.caFile) : undefined
  let up = 0
  const next = () => {
    if (clients.length === devices) return
    const client = connect({
      protocol: ca ? 'mqtts' : 'mqtt',
      host: '127.0.0.1',
      port: workload.port,
      clientId: `bench-${clients.length}`,
      ...(ca ? { ca } : {}),
    })
    clients.push(client)
    client.on('error', (error) => process.stderr.write(`${error.message}\n`))
    client.once('connect', () => {
      up += 1
      if (up === devices) tell('connected', { ms: performance.now() - startMs })
      else next()
    })
  }
  for (let open = 0; open < workload.connectsInFlight; open += 1) next()
}

function finish(): void {
  stopped = true
  pace.stop()
  const settle = () => {
    const waiting = acked < messages || clients.some((client) => client.stream.writableLength > 0)
    if (waiting) return setTimeout(settle, 10)
    tell('finished', { messages, acked, ackMs: summarise(ackMs), latenessMs: null })
    return Promise.all(clients.map((client) => client.endAsync())).then(() => process.exit(0))
  }
  settle()
}

obey({
  connect: connectAll,
  go: () => {
    if (totalRateHz > 0) pace.start(totalRateHz, devices, (device) => publish(device))
    else if (qos === 0) publishRound()
    else for (let device = 0; device < devices; device += 1) publishAlways(device)
  },
  counts: () => {
    // Latencies are of the measured window, not of the warm-up.
    if (!counted) ackMs.reset()
    counted = true
    tell('counts', { messages, acked })
  },
  finish,
})
tell('ready')
