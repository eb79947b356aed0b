import { AppError } from '../errors.ts'
import type { Fleet, Profile } from './profile.ts'
import { type EndpointSettings, type TlsSettings, tlsSchema } from './schema/broker.ts'
import { BROKER_URL, isBrokerUrl, noBrokerUrl, parseUrl } from './schema/url-rules.ts'

export type Scheme = 'mqtt' | 'mqtts' | 'ws' | 'wss'

/** Where a device connects to, everything filled in. */
export interface Endpoint {
  url: string
  scheme: Scheme
  /** Without the brackets of an IPv6 address. */
  host: string
  port: number
  /** Path of a WebSocket with its query; empty for plain MQTT. */
  path: string
  protocol: 4 | 5
  /** Null where the scheme has no TLS. */
  tls: TlsSettings | null
  embedded: boolean
}

const DEFAULT_PORTS: Readonly<Record<Scheme, number>> = { mqtt: 1883, mqtts: 8883, ws: 80, wss: 443 }
const DEFAULT_PATH = '/mqtt'

/** What the profile says of the broker of a fleet: its own settings over those of the profile. */
export function brokerOf(
  profile: Pick<Profile, 'broker'>,
  fleet: Pick<Fleet, 'broker'> | null,
): EndpointSettings {
  return { ...profile.broker, ...fleet?.broker }
}

/** MQTT version of a fleet; null asks for that of the profile itself. */
export function protocolOf(profile: Pick<Profile, 'broker'>, fleet: Pick<Fleet, 'broker'> | null): 4 | 5 {
  return brokerOf(profile, fleet).protocol ?? 5
}

/** The endpoint of a fleet (null: of the profile itself); without a URL it is the embedded broker on `embeddedPort`. */
export function endpointOf(
  profile: Pick<Profile, 'broker'>,
  fleet: Pick<Fleet, 'broker'> | null,
  embeddedPort: number | null,
): Endpoint {
  const { url, tls } = brokerOf(profile, fleet)
  const protocol = protocolOf(profile, fleet)
  if (url === undefined) return embeddedEndpoint(embeddedPort, protocol)

  // A reference in the URL may have brought what the schema never saw.
  const objection = isBrokerUrl(url)
  const parsed = parseUrl(url)
  const scheme = schemeOf(parsed)
  if (objection || !parsed || !scheme || !BROKER_URL.test(url))
    throw new AppError({ code: 'PROFILE_INVALID', ...(objection ?? noBrokerUrl(url)) })
  return {
    url,
    scheme,
    host: parsed.hostname.replace(/^\[|\]$/g, ''),
    port: parsed.port === '' ? DEFAULT_PORTS[scheme] : Number(parsed.port),
    path: pathOf(url, parsed, scheme),
    protocol,
    tls: scheme === 'mqtts' || scheme === 'wss' ? (tls ?? tlsSchema.parse({})) : null,
    embedded: false,
  }
}

/** Whether traffic to this endpoint stays on the machine. */
export function isLoopback(endpoint: Pick<Endpoint, 'host'>): boolean {
  const host = endpoint.host.toLowerCase()
  return (
    host === 'localhost' || host.endsWith('.localhost') || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
  )
}

function embeddedEndpoint(port: number | null, protocol: 4 | 5): Endpoint {
  if (port === null)
    throw new AppError({ code: 'INTERNAL', message: 'the embedded broker is wanted but was not started' })
  const host = '127.0.0.1'
  const url = `mqtt://${host}:${port}`
  return { url, scheme: 'mqtt', host, port, path: '', protocol, tls: null, embedded: true }
}

function schemeOf(url: URL | undefined): Scheme | undefined {
  const scheme = url?.protocol.slice(0, -1)
  return scheme === 'mqtt' || scheme === 'mqtts' || scheme === 'ws' || scheme === 'wss' ? scheme : undefined
}

function pathOf(written: string, url: URL, scheme: Scheme): string {
  if (scheme === 'mqtt' || scheme === 'mqtts') return ''
  // A bare host means the path that brokers listen on; a written "/" means "/". The parser tells them not apart.
  const bare = !/^\w+:\/\/[^/?]*\//.test(written)
  return `${bare ? DEFAULT_PATH : url.pathname}${url.search}`
}
