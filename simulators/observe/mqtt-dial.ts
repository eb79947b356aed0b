import {
  connect,
  type IClientOptions,
  type IConnackPacket,
  type IPublishPacket,
  type MqttClient,
  type Packet,
} from 'mqtt'
import { reasonText } from '../device/reason-codes.ts'
import { AppError } from '../errors.ts'
import type { QoS } from '../profile/profile.ts'
import { connectFailure } from './connect-failure.ts'
import { lowestQos } from './lowest-qos.ts'
import type { ProbeEndpoint } from './probe-endpoint.ts'

export type { MqttClient, Packet }
export type Connack = IConnackPacket
export type Publish = IPublishPacket

/** Neither connecting nor subscribing takes longer than this before it has failed. */
const TIMEOUT_MS = 10_000
const RECONNECT_MS = 250
const KEEP_ALIVE_S = 30
/** How long the broker keeps the session over a break. */
const SESSION_EXPIRY_S = 300
const TOPICS_PER_SUBSCRIBE = 500

const ignore = () => undefined

/** Starts to connect. Until `connected` has resolved nothing is certain. */
export function dial(
  endpoint: ProbeEndpoint,
  clientId: string,
  { clean, reconnect }: { clean: boolean; reconnect: boolean },
): MqttClient {
  const { url, protocol, qos } = endpoint
  return connect(url, {
    ...credentials(endpoint),
    clientId,
    clean,
    protocolVersion: protocol,
    keepalive: KEEP_ALIVE_S,
    connectTimeout: TIMEOUT_MS,
    reconnectPeriod: reconnect ? RECONNECT_MS : 0,
    reconnectOnConnackError: reconnect,
    // Subscribing again is for its owner to see: until it is granted the probe is blind.
    resubscribe: false,
    // Its default log looks up whether it is on at every step of every message.
    log: ignore,
    ...(protocol === 5 && {
      properties: { sessionExpiryInterval: qos > 0 ? SESSION_EXPIRY_S : 0, receiveMaximum: 65_535 },
    }),
  })
}

function credentials({ username, password, tls }: ProbeEndpoint): IClientOptions {
  const options: IClientOptions = {}
  if (username !== undefined) options.username = username
  if (password !== undefined) options.password = password
  if (!tls) return options
  const secure = {
    rejectUnauthorized: tls.verify,
    ...(tls.ca && { ca: tls.ca }),
    ...(tls.identity && { cert: tls.identity.certificate, key: tls.identity.key }),
    ...(tls.serverName !== undefined && { servername: tls.serverName }),
    ...(tls.alpn && { ALPNProtocols: tls.alpn }),
  }
  return { ...options, ...secure, wsOptions: secure }
}

/** Waits for CONNACK, or for the first sign that there will be none. */
export function connected(client: MqttClient, { url, protocol }: ProbeEndpoint): Promise<void> {
  return new Promise((resolve, reject) => {
    let head: Buffer | null = null
    let isSecure = false
    // MQTT.js keeps to itself what it does not know as a failure of a socket, such as the answer of a web server.
    let streamError: Error | undefined
    const keepError = (error: Error) => {
      streamError ??= error
    }
    const secured = () => {
      isSecure = true
    }
    const { stream } = client
    const keepHead = (bytes: Buffer) => {
      head ??= bytes
    }
    // Before MQTT.js, which may fail on these very bytes.
    stream.prependListener('data', keepHead)
    stream.once('secureConnect', secured)
    stream.on('error', keepError)
    const fail = (error?: Error) => {
      settle()
      reject(connectFailure({ url, protocol, error, head, isSecure }))
    }
    const closed = () => fail(streamError)
    const opened = () => {
      settle()
      resolve()
    }
    // MQTT.js begins its own time-out anew with each attempt.
    const timer = setTimeout(() => fail(new Error('connack timeout')), TIMEOUT_MS)
    const settle = () => {
      clearTimeout(timer)
      stream.off('data', keepHead)
      stream.off('secureConnect', secured)
      stream.off('error', keepError)
      client.off('error', fail)
      client.off('close', closed)
      client.off('connect', opened)
    }
    client.on('error', fail)
    client.on('close', closed)
    client.on('connect', opened)
  })
}

/** Subscribes to all topics and returns the lowest QoS that was granted. */
export async function subscribe(client: MqttClient, topics: readonly string[], qos: QoS): Promise<QoS> {
  const batches: Promise<QoS>[] = []
  for (let at = 0; at < topics.length; at += TOPICS_PER_SUBSCRIBE) {
    batches.push(subscribeBatch(client, topics.slice(at, at + TOPICS_PER_SUBSCRIBE), qos))
  }
  const granted = await inTime(Promise.all(batches), () => {
    const message = `The broker did not answer the subscriptions of the probe in ${TIMEOUT_MS / 1_000} s.`
    return new AppError({ code: 'PROBE_FAILED', message })
  })
  return lowestQos([qos, ...granted])
}

function subscribeBatch(client: MqttClient, topics: string[], qos: QoS): Promise<QoS> {
  return new Promise((resolve, reject) => {
    const options = client.options.protocolVersion === 5 ? { qos, rh: 2, rap: false } : { qos }
    client.subscribe(topics, options, (error, grants, packet) => {
      const codes = packet?.granted.map(Number) ?? []
      const refused = codes.findIndex((code) => code >= 0x80)
      if (refused >= 0) {
        const reason = reasonText('suback', codes[refused] ?? 0x80)
        const message = `The broker refused the subscription of the probe to "${topics[refused]}": ${reason}`
        reject(new AppError({ code: 'PROBE_FAILED', message }))
      } else if (error) {
        const message = `The probe could not subscribe: ${error.message}`
        reject(new AppError({ code: 'PROBE_FAILED', message, cause: error }))
      } else {
        resolve(lowestQos([qos, ...(grants ?? []).map((grant) => grant.qos)]))
      }
    })
  })
}

async function inTime<Value>(promise: Promise<Value>, failure: () => Error): Promise<Value> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(failure()), TIMEOUT_MS)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Ends a client and, with MQTT 5, its session. One that does not end by itself within a second is cut off. */
export function hangUp(client: MqttClient): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => client.end(true, {}, () => resolve()), 1_000)
    const goodbye =
      client.options.protocolVersion === 5 ? { reasonCode: 0, properties: { sessionExpiryInterval: 0 } } : {}
    client.end(!client.connected, goodbye, () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
