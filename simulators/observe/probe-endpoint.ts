import { type Endpoint, endpointOf } from '../profile/endpoint.ts'
import type { Profile, QoS } from '../profile/profile.ts'
import { runName } from '../profile/template.ts'
import type { RunFacts } from '../run/messages.ts'
import { type ProbeTls, probeTls } from './probe-tls.ts'

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
  if (tls) endpoint.tls = await probeTls(settings.tls, tls, { baseDir, commonName: base })
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
