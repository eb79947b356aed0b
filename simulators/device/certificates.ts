import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createSecureContext, type SecureContext } from 'node:tls'
import { AppError } from '../errors.ts'
import { fileTrouble } from '../file-trouble.ts'

/** The identity of one device: its certificate (with the chain, if any) and its key, both PEM. */
export interface ClientCertificate {
  certificate: string
  /** Without pass phrase. */
  key: string
}

/** Where an identity stands on disk. */
export interface CertificatePaths {
  certPath: string
  /** The certificate's own file when left out. */
  keyPath?: string
  passphrase?: string
}

function invalid(message: string, hint: string, cause?: unknown): AppError {
  return new AppError({ code: 'CERTIFICATE_INVALID', message, hint, cause })
}

/** The text of a PEM file. */
export async function readPem(path: string): Promise<string> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    const message = `Cannot read ${path}: ${fileTrouble(error)}`
    throw new AppError({ code: 'FILE_UNREADABLE', message, cause: error })
  }
  if (!text.includes('-----BEGIN '))
    throw invalid(`${path} is not PEM`, `Convert it: openssl x509 -inform DER -in ${path} -out NAME.pem`)
  return text
}

/** The first certificate in a PEM text, valid at `nowMs` (wall clock). */
export function parseCertificate(pem: string, path: string, nowMs: number): X509Certificate {
  let certificate: X509Certificate
  try {
    certificate = new X509Certificate(pem)
  } catch (error) {
    throw invalid(`${path} holds no X.509 certificate`, `Look: openssl x509 -in ${path} -noout -text`, error)
  }
  const { validFrom, validTo } = certificate
  const now = new Date(nowMs).toISOString()
  if (Date.parse(validFrom) > nowMs)
    throw invalid(
      `${path} is not valid before ${validFrom}; now it is ${now}`,
      'Check the clock of this machine, or issue the certificate anew.',
    )
  if (Date.parse(validTo) < nowMs)
    throw invalid(`${path} expired on ${validTo}; now it is ${now}`, 'Issue the certificate anew.')
  return certificate
}

/** The private key in a PEM text, which must belong to `certificate`. */
export function parseKey(
  pem: string,
  path: string,
  passphrase: string | undefined,
  certificate: X509Certificate,
): KeyObject {
  let key: KeyObject
  try {
    key = createPrivateKey(passphrase === undefined ? pem : { key: pem, passphrase })
  } catch (error) {
    const isEncrypted = pem.includes('ENCRYPTED')
    if (isEncrypted && passphrase === undefined)
      throw invalid(`${path} is encrypted and no pass phrase is given`, 'Set tls.passphrase.', error)
    if (isEncrypted)
      throw invalid(`${path} cannot be opened: wrong pass phrase`, 'Check tls.passphrase.', error)
    throw invalid(`${path} holds no private key`, `Look: openssl pkey -in ${path} -noout`, error)
  }
  if (!certificate.checkPrivateKey(key)) {
    const subject = certificate.subject.replaceAll('\n', ', ')
    throw invalid(
      `${path} is not the key of the certificate ${subject}`,
      'Check that cert and key belong together.',
    )
  }
  return key
}

/** PEM files of a run, each read and checked once, however many devices share it. */
export class CertificateStore {
  readonly #nowMs: number
  readonly #identities = new Map<string, Promise<ClientCertificate>>()
  readonly #trust = new Map<string, Promise<string>>()

  /** `nowMs` is the wall clock that certificates are checked against. */
  constructor(nowMs: number) {
    this.#nowMs = nowMs
  }

  identity(paths: CertificatePaths): Promise<ClientCertificate> {
    const key = JSON.stringify([paths.certPath, paths.keyPath, paths.passphrase])
    let identity = this.#identities.get(key)
    if (!identity) {
      identity = this.#read(paths)
      this.#identities.set(key, identity)
    }
    return identity
  }

  /** The certificates of a CA file. */
  trust(path: string): Promise<string> {
    let trust = this.#trust.get(path)
    if (!trust) {
      trust = readPem(path).then((pem) => {
        parseCertificate(pem, path, this.#nowMs)
        return pem
      })
      this.#trust.set(path, trust)
    }
    return trust
  }

  async #read({ certPath, keyPath = certPath, passphrase }: CertificatePaths): Promise<ClientCertificate> {
    const certificate = await readPem(certPath)
    const parsed = parseCertificate(certificate, certPath, this.#nowMs)
    const key = parseKey(await readPem(keyPath), keyPath, passphrase, parsed)
    return { certificate, key: exportKey(key) }
  }
}

/** A private key as PEM without pass phrase. */
export function exportKey(key: KeyObject): string {
  return String(key.export({ type: 'pkcs8', format: 'pem' }))
}

/** Trust and identity for TLS; make one for each identity and share it, because it is what costs time and memory. */
export function createClientContext(
  trust: string | undefined,
  identity: ClientCertificate | undefined,
): SecureContext {
  try {
    return createSecureContext({
      ...(trust === undefined ? {} : { ca: trust }),
      ...(identity ? { cert: identity.certificate, key: identity.key } : {}),
    })
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw invalid(
      `OpenSSL does not accept these certificates: ${why}`,
      'Check key sizes and algorithms.',
      error,
    )
  }
}
