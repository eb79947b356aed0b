import {
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  webcrypto,
  type X509Certificate,
} from 'node:crypto'
import { AppError } from '../errors.ts'
import { type ClientCertificate, exportKey, parseCertificate, parseKey } from './certificates.ts'
import { provideReflectMetadata } from './reflect-metadata.ts'

/** Certificates made at the same time, so that signing on other threads overlaps with encoding on this one. */
const AT_ONCE = 16
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'
/** Clocks of brokers may run a little behind. */
const BACKDATED_MS = 300_000

/** A CA given as PEM, and what it is to sign. */
export interface IssueRequest {
  caCertificate: string
  caKey: string
  passphrase?: string
  /** Names of the two PEMs in messages. */
  caPath: string
  keyPath: string
  /** One certificate for each, in this order. */
  commonNames: readonly string[]
  validForMs: number
  nowMs: number
}

function importParameters(key: KeyObject): { name: string; namedCurve?: string; hash?: string } {
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
    case 'ed25519':
      return { name: 'Ed25519' }
    case 'ec': {
      const curve = key.asymmetricKeyDetails?.namedCurve
      if (curve === 'prime256v1') return { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
      if (curve === 'secp384r1') return { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' }
      if (curve === 'secp521r1') return { name: 'ECDSA', namedCurve: 'P-521', hash: 'SHA-512' }
    }
  }
  throw new AppError({
    code: 'CERTIFICATE_INVALID',
    message: `a CA key of type ${key.asymmetricKeyType ?? 'unknown'} cannot sign certificates here`,
    hint: 'Use a CA with an RSA, P-256, P-384, P-521 or Ed25519 key.',
  })
}

function checkAuthority(certificate: X509Certificate, path: string): void {
  if (certificate.ca) return
  throw new AppError({
    code: 'CERTIFICATE_INVALID',
    message: `${path} is not the certificate of a CA (basic constraints)`,
    hint: 'Name the CA that signs, not a certificate that it has signed.',
  })
}

/** Issues a client certificate with a P-256 key for each common name. Nothing is written to disk. */
export async function issueCertificates(request: IssueRequest): Promise<ClientCertificate[]> {
  const { caCertificate, caPath, nowMs } = request
  const authority = parseCertificate(caCertificate, caPath, nowMs)
  checkAuthority(authority, caPath)
  const caKey = parseKey(request.caKey, request.keyPath, request.passphrase, authority)
  // Loaded when needed only: it takes 20 MB, and a tenth of a second.
  provideReflectMetadata()
  const x509 = await import('@peculiar/x509')

  const signingAlgorithm = importParameters(caKey)
  const pkcs8 = caKey.export({ type: 'pkcs8', format: 'der' })
  const signingKey = await webcrypto.subtle.importKey('pkcs8', pkcs8, signingAlgorithm, false, ['sign'])
  const issuer = new x509.X509Certificate(authority.raw).subjectName
  const notBefore = new Date(Math.max(nowMs - BACKDATED_MS, Date.parse(authority.validFrom)))
  const notAfter = new Date(Math.min(nowMs + request.validForMs, Date.parse(authority.validTo)))
  const extensions = [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension([CLIENT_AUTH]),
  ]

  async function issue(commonName: string): Promise<ClientCertificate> {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    // Positive and not zero, as RFC 5280 section 4.1.2.2 wants serial numbers.
    const serial = randomBytes(16)
    serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40
    const certificate = await x509.X509CertificateGenerator.create(
      {
        serialNumber: serial.toString('hex'),
        // As an object, because quotes and # in a plain string have a meaning of their own.
        subject: new x509.Name([{ CN: [{ utf8String: commonName }] }]),
        issuer,
        notBefore,
        notAfter,
        signingAlgorithm,
        publicKey: new x509.PublicKey(publicKey.export({ type: 'spki', format: 'der' })),
        signingKey,
        extensions,
      },
      webcrypto,
    )
    return { certificate: certificate.toString('pem'), key: exportKey(privateKey) }
  }

  const issued: ClientCertificate[] = []
  for (let from = 0; from < request.commonNames.length; from += AT_ONCE)
    issued.push(...(await Promise.all(request.commonNames.slice(from, from + AT_ONCE).map(issue))))
  return issued
}
