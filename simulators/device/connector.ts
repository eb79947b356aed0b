import { resolve } from 'node:path'
import type { Duplex } from 'node:stream'
import type { SecureContext } from 'node:tls'
import { AppError } from '../errors.ts'
import type { Endpoint } from '../profile/endpoint.ts'
import type { TlsSettings } from '../profile/schema/broker.ts'
import type { DeviceFacts } from '../profile/template.ts'
import { CertificateStore, type ClientCertificate, createClientContext, readPem } from './certificates.ts'
import { issueCertificates } from './issue-certificates.ts'
import { LinkStream } from './link-stream.ts'
import type { OpenTransport } from './ports.ts'
import { renderText } from './session-plan.ts'
import { tcpTransport } from './transport/tcp.ts'
import { type TlsOptions, tlsTransport } from './transport/tls.ts'
import { wsTransport } from './transport/ws.ts'

/** Puts something, such as a link, between a TCP connection and what runs over it. */
export type Through = (openSocket: OpenTransport) => OpenTransport

/** Knows how the devices of one fleet reach their broker. */
export interface Connector {
  open(device: string, through?: Through): OpenTransport
}

export interface ConnectorFacts {
  endpoint: Endpoint
  /** Folder that certificate paths start from. */
  baseDir: string
  /** The devices that will ask. */
  devices: readonly DeviceFacts[]
  /** Wall clock, ms since 1970: certificates are checked against it. */
  wallNowMs: number
}

/** Reads, or issues, every certificate that the devices need; a bad one fails here and not in mid-run. */
export async function createConnector(facts: ConnectorFacts): Promise<Connector> {
  const { endpoint } = facts
  const { host, port, path, scheme, tls } = endpoint
  if (tls) return await secureConnector(facts, tls)
  const plain = (through?: Through) => {
    if (scheme === 'ws') return wsTransport({ host, port, path, ...under(endpoint, through) })
    const tcp = tcpTransport({ host, port })
    return through ? through(tcp) : tcp
  }
  const shared = plain()
  return { open: (_device, through) => (through ? plain(through) : shared) }
}

/** The stream that TLS or a WebSocket runs over, when that is no TCP connection of its own. */
function under({ host, port }: Endpoint, through?: Through): { createSocket?: () => Duplex } {
  if (!through) return {}
  return { createSocket: () => new LinkStream(through(tcpTransport({ host, port }))) }
}

async function secureConnector(facts: ConnectorFacts, tls: TlsSettings): Promise<Connector> {
  const { endpoint, baseDir, wallNowMs } = facts
  const store = new CertificateStore(wallNowMs)
  const trust = tls.ca === undefined ? undefined : await store.trust(resolve(baseDir, tls.ca))
  const identities = await identitiesOf(facts, tls, store)
  const transport = (secureContext: SecureContext, through?: Through) =>
    secureTransport(endpoint, tls, secureContext, through)
  if (!identities) {
    const context = createClientContext(trust, undefined)
    const shared = transport(context)
    return { open: (_device, through) => (through ? transport(context, through) : shared) }
  }
  // Devices with the same identity share a context; it costs time and memory.
  const shared = new Map<ClientCertificate, SecureContext>()
  const isShared = new Set(identities.values()).size === 1
  return {
    open: (device, through) => {
      const identity = identities.get(device)
      if (!identity) throw new AppError({ code: 'INTERNAL', message: `${device} has no certificate` })
      const context = shared.get(identity) ?? createClientContext(trust, identity)
      if (isShared) shared.set(identity, context)
      return transport(context, through)
    },
  }
}

function secureTransport(
  endpoint: Endpoint,
  tls: TlsSettings,
  secureContext: SecureContext,
  through?: Through,
): OpenTransport {
  const { host, port, path, scheme } = endpoint
  const options: TlsOptions = {
    host,
    port,
    secureContext,
    verify: tls.verify,
    ...under(endpoint, through),
    ...(tls.serverName === undefined ? {} : { serverName: tls.serverName }),
    ...(tls.alpn === undefined ? {} : { alpn: tls.alpn }),
  }
  return scheme === 'wss' ? wsTransport({ host, port, path, tls: options }) : tlsTransport(options)
}

/** The certificate of each device by name; undefined when they have none. */
async function identitiesOf(
  { baseDir, devices, wallNowMs }: ConnectorFacts,
  tls: TlsSettings,
  store: CertificateStore,
): Promise<Map<string, ClientCertificate> | undefined> {
  const { issue, cert, key, passphrase } = tls
  if (issue) {
    const [caPath, keyPath] = [resolve(baseDir, issue.ca), resolve(baseDir, issue.key)]
    const issued = await issueCertificates({
      caCertificate: await readPem(caPath),
      caKey: await readPem(keyPath),
      caPath,
      keyPath,
      ...(issue.passphrase === undefined ? {} : { passphrase: issue.passphrase }),
      commonNames: devices.map((device) => renderText(issue.commonName, device)),
      validForMs: issue.validFor,
      nowMs: wallNowMs,
    })
    const identities = new Map<string, ClientCertificate>()
    devices.forEach(({ device }, at) => {
      const identity = issued[at]
      if (identity) identities.set(device, identity)
    })
    return identities
  }
  if (cert === undefined) return undefined
  const identities = new Map<string, ClientCertificate>()
  for (const device of devices) {
    const identity = await store.identity({
      certPath: resolve(baseDir, renderText(cert, device)),
      ...(key === undefined ? {} : { keyPath: resolve(baseDir, renderText(key, device)) }),
      ...(passphrase === undefined ? {} : { passphrase }),
    })
    identities.set(device.device, identity)
  }
  return identities
}
