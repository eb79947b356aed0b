import { resolve } from 'node:path'
import { CertificateStore, type ClientCertificate, readPem } from '../device/certificates.ts'
import { issueCertificates } from '../device/issue-certificates.ts'
import type { TlsSettings } from '../profile/schema/broker.ts'
import { parseTemplate } from '../profile/template.ts'

/** Certificates as read from their files, and what else TLS needs. */
export interface ProbeTls {
  ca?: string
  identity?: ClientCertificate
  serverName?: string
  alpn?: string[]
  verify: boolean
}

/**
 * TLS of the probe: its own settings (`own`) before those of the broker (`shared`). Of the client certificates in the
 * latter it takes what is not some device's own: one that all share, or one issued for the probe as for every device.
 */
export async function probeTls(
  own: TlsSettings | undefined,
  shared: TlsSettings,
  { baseDir, commonName }: { baseDir: string; commonName: string },
): Promise<ProbeTls> {
  const store = new CertificateStore(Date.now())
  const tls: ProbeTls = { verify: own?.verify ?? shared.verify }
  const ca = own?.ca ?? shared.ca
  const serverName = own?.serverName ?? shared.serverName
  const alpn = own?.alpn ?? shared.alpn
  if (ca !== undefined) tls.ca = await store.trust(resolve(baseDir, ca))
  if (serverName !== undefined) tls.serverName = serverName
  if (alpn !== undefined) tls.alpn = alpn
  const settings = own?.cert !== undefined || own?.issue !== undefined ? own : shared
  const identity = settings.issue
    ? await issued(settings.issue, baseDir, commonName)
    : await fromFiles(store, settings, baseDir)
  if (identity) tls.identity = identity
  return tls
}

async function fromFiles(
  store: CertificateStore,
  { cert, key, passphrase }: TlsSettings,
  baseDir: string,
): Promise<ClientCertificate | undefined> {
  if (cert === undefined || isPerDevice(cert) || (key !== undefined && isPerDevice(key))) return undefined
  return store.identity({
    certPath: resolve(baseDir, cert),
    ...(key !== undefined && { keyPath: resolve(baseDir, key) }),
    ...(passphrase !== undefined && { passphrase }),
  })
}

function isPerDevice(template: string): boolean {
  const parsed = parseTemplate(template)
  return !parsed.ok || parsed.parts.some(({ kind }) => kind === 'variable')
}

async function issued(
  { ca, key, passphrase, validFor }: NonNullable<TlsSettings['issue']>,
  baseDir: string,
  commonName: string,
): Promise<ClientCertificate | undefined> {
  const store = new CertificateStore(Date.now())
  const caPath = resolve(baseDir, ca)
  const keyPath = resolve(baseDir, key)
  const [identity] = await issueCertificates({
    ...{ caPath, keyPath, validForMs: validFor, nowMs: Date.now() },
    caCertificate: await store.trust(caPath),
    caKey: await readPem(keyPath),
    ...(passphrase !== undefined && { passphrase }),
    // X.509 ends common names at 64 characters.
    commonNames: [commonName.slice(0, 64)],
  })
  return identity
}
