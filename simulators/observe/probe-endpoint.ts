import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { AppError } from '../errors.ts'
import { type Endpoint, endpointOf } from '../profile/endpoint.ts'
import type { Profile, QoS } from '../profile/profile.ts'
import type { TlsSettings } from '../profile/schema/broker.ts'
import { runName } from '../profile/template.ts'
import type { RunFacts } from '../run/messages.ts'

/** Certificates and keys as read from their files. */
export interface ProbeTls {
  ca?: Buffer
  cert?: Buffer
  key?: Buffer
  passphrase?: string
  serverName?: string
  alpn?: string[]
  verify: boolean
}

/** How the probe reaches the broker. */
export interface ProbeEndpoint {
  url: string
  protocol: 4 | 5
  username?: string
  password?: string
  tls?: ProbeTls
  /** What it subscribes with. */
  qos: QoS
  clientId(connection: number): string
  /** The profile chose the client id, so a session of an earlier run may wait under it. */
  clientIdIsGiven: boolean
}

/** Where and as whom the probe connects: its own settings before those of the broker. */
export async function probeEndpoint({
  profile,
  run,
  baseDir,
  embeddedPort,
}: RunFacts): Promise<ProbeEndpoint> {
  const settings = profile.observe.probe === false ? {} : profile.observe.probe
  const broker = endpointSeen(profile, embeddedPort)
  const { tls } = broker
  const base = settings.clientId ?? `flotilla-probe-${runName(run)}`
  const numbered = settings.clientId === undefined
  const endpoint: ProbeEndpoint = {
    url: urlOf(broker),
    protocol: broker.protocol,
    qos: settings.qos ?? highestQos(profile),
    clientId: (connection) => (numbered || connection > 0 ? `${base}-${connection}` : base),
    clientIdIsGiven: !numbered,
  }
  if (settings.auth?.username !== undefined) endpoint.username = settings.auth.username
  if (settings.auth?.password !== undefined) endpoint.password = settings.auth.password
  if (tls) endpoint.tls = await readTls(profile, tls, baseDir)
  return endpoint
}

/** The broker of the profile; when each fleet names its own and the profile none, that of the first fleet. */
function endpointSeen(profile: Profile, embeddedPort: number | null): Endpoint {
  const [first] = profile.fleets
  const unnamed = profile.broker.url === undefined && embeddedPort === null
  return endpointOf(profile, unnamed && first ? first : null, embeddedPort)
}

function urlOf({ scheme, host, port, path }: Endpoint): string {
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}${path}`
}

function highestQos(profile: Profile): QoS {
  let highest: QoS = 0
  for (const { publish } of profile.fleets) {
    for (const { qos } of publish) {
      const level: QoS = typeof qos === 'number' ? qos : qos[2] > 0 ? 2 : qos[1] > 0 ? 1 : 0
      if (level > highest) highest = level
    }
  }
  return highest
}

/** The broker's settings name what to trust; a client certificate of the devices is not the probe's to use. */
async function readTls(profile: Profile, shared: TlsSettings, baseDir: string): Promise<ProbeTls> {
  const own = profile.observe.probe === false ? undefined : profile.observe.probe.tls
  const tls: ProbeTls = { verify: own?.verify ?? shared.verify }
  const ca = own?.ca ?? shared.ca
  const serverName = own?.serverName ?? shared.serverName
  const alpn = own?.alpn ?? shared.alpn
  if (ca !== undefined) tls.ca = await readPem(baseDir, ca, 'CA certificate')
  if (serverName !== undefined) tls.serverName = serverName
  if (alpn !== undefined) tls.alpn = alpn
  if (own?.cert !== undefined) tls.cert = await readPem(baseDir, own.cert, 'client certificate')
  if (own?.key !== undefined) tls.key = await readPem(baseDir, own.key, 'private key')
  if (own?.passphrase !== undefined) tls.passphrase = own.passphrase
  return tls
}

async function readPem(baseDir: string, path: string, what: string): Promise<Buffer> {
  const file = resolve(baseDir, path)
  try {
    return await readFile(file)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new AppError({
      code: 'FILE_UNREADABLE',
      message: `The ${what} of the probe, ${file}, cannot be read: ${reason}`,
      cause,
    })
  }
}
