import { execFileSync } from 'node:child_process'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeCertificates, type TestCertificates } from '../../tests/support/certificates.ts'
import { CertificateStore, createClientContext } from './certificates.ts'
import { issueCertificates } from './issue-certificates.ts'

const YEAR_MS = 365 * 86_400_000
let files: TestCertificates
let now: number

beforeAll(async () => {
  files = await makeCertificates()
  now = Date.now()
})
afterAll(() => files.remove())

describe('client certificates from files', () => {
  it('are read once and make a TLS context', async () => {
    const store = new CertificateStore(now)
    const paths = { certPath: files.client, keyPath: files.clientKey }

    const [first, second] = await Promise.all([store.identity(paths), store.identity({ ...paths })])

    expect(second).toBe(first)
    expect(() => createClientContext(undefined, first)).not.toThrow()
    expect(await store.trust(files.ca)).toContain('BEGIN CERTIFICATE')
  })

  it('may stand in one file with their key, which may have a pass phrase', async () => {
    const both = join(files.folder, 'both.pem')
    const key = execFileSync('openssl', [
      'pkey',
      '-in',
      files.clientKey,
      '-aes256',
      '-passout',
      'pass:sesame',
    ])
    await writeFile(both, `${await readFile(files.client, 'utf8')}\n${key}`)
    const store = new CertificateStore(now)

    const { key: plain } = await store.identity({ certPath: both, passphrase: 'sesame' })

    expect(createPrivateKey(plain).asymmetricKeyType).toBe('ec')
    await expect(store.identity({ certPath: both, passphrase: 'simsalabim' })).rejects.toMatchObject({
      code: 'CERTIFICATE_INVALID',
      message: `${both} cannot be opened: wrong pass phrase`,
    })
    await expect(store.identity({ certPath: both })).rejects.toMatchObject({
      message: `${both} is encrypted and no pass phrase is given`,
      hint: 'Set tls.passphrase.',
    })
  })

  it.each([
    [
      'the key of another certificate',
      () => ({ certPath: files.client, keyPath: files.serverKey }),
      /server.key is not the key of the certificate CN=device-1/,
    ],
    [
      'a key where a certificate should be',
      () => ({ certPath: files.clientKey }),
      /client.key holds no X.509 certificate/,
    ],
    [
      'a certificate where a key should be',
      () => ({ certPath: files.client, keyPath: files.ca }),
      /ca.pem holds no private key/,
    ],
  ])('name %s', async (_name, paths, message) => {
    await expect(new CertificateStore(now).identity(paths())).rejects.toMatchObject({
      code: 'CERTIFICATE_INVALID',
      message: expect.stringMatching(message),
    })
  })

  it('name a file that is not there', async () => {
    const certPath = '/nowhere/a.pem'

    await expect(new CertificateStore(now).identity({ certPath })).rejects.toMatchObject({
      code: 'FILE_UNREADABLE',
      message: 'Cannot read /nowhere/a.pem: there is no such file',
    })
  })

  it('name a file that is not PEM', async () => {
    const path = join(files.folder, 'der.crt')
    await writeFile(path, new X509Certificate(await readFile(files.client)).raw)

    await expect(new CertificateStore(now).identity({ certPath: path })).rejects.toMatchObject({
      message: `${path} is not PEM`,
      hint: expect.stringContaining('openssl x509 -inform DER'),
    })
  })

  it('are refused before and after their time, with the dates', async () => {
    const paths = { certPath: files.client, keyPath: files.clientKey }
    const { validTo, validFrom } = new X509Certificate(await readFile(files.client))

    await expect(new CertificateStore(now + YEAR_MS).identity(paths)).rejects.toThrow(
      `${files.client} expired on ${validTo}; now it is ${new Date(now + YEAR_MS).toISOString()}`,
    )
    await expect(new CertificateStore(now - YEAR_MS).trust(files.ca)).rejects.toThrow('is not valid before')
    await expect(new CertificateStore(now - YEAR_MS).identity(paths)).rejects.toThrow(validFrom)
  })
})

describe('client certificates issued from a CA', () => {
  async function request(commonNames: string[]) {
    return {
      caCertificate: await readFile(files.ca, 'utf8'),
      caKey: await readFile(files.caKey, 'utf8'),
      caPath: files.ca,
      keyPath: files.caKey,
      commonNames,
      validForMs: 3_600_000,
      nowMs: now,
    }
  }

  it('are signed by it, one key each, named as asked', async () => {
    const names = ['meter-1', 'Zähler, "2"+#']
    const issued = await issueCertificates(await request(names))
    const authority = new X509Certificate(await readFile(files.ca))
    const parsed = issued.map(({ certificate }) => new X509Certificate(certificate))

    expect(parsed.map((certificate) => certificate.verify(authority.publicKey))).toEqual([true, true])
    expect(parsed.map((certificate) => certificate.checkIssued(authority))).toEqual([true, true])
    expect(parsed.map((certificate) => certificate.toLegacyObject().subject.CN)).toEqual(names)
    expect(parsed.map(({ ca, keyUsage }) => [ca, keyUsage])).toEqual(
      Array(2).fill([false, ['1.3.6.1.5.5.7.3.2']]),
    )
    expect(
      parsed.map((certificate, index) =>
        certificate.checkPrivateKey(createPrivateKey(issued[index]?.key ?? '')),
      ),
    ).toEqual([true, true])
    expect(new Set(parsed.map(({ serialNumber }) => serialNumber)).size).toBe(2)
    expect(Date.parse(parsed[0]?.validTo ?? '')).toBeLessThanOrEqual(now + 3_600_000)
  })

  it('can be signed by an RSA CA', async () => {
    const [key, certificate] = ['rsa.key', 'rsa.pem'].map((name) => join(files.folder, name))
    const subject = ['-subj', '/CN=Old CA', '-keyout', String(key), '-out', String(certificate)]
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...subject], {
      stdio: 'ignore',
    })
    const pem = await readFile(String(certificate), 'utf8')
    const [issued] = await issueCertificates({
      ...(await request(['a'])),
      caCertificate: pem,
      caKey: await readFile(String(key), 'utf8'),
      nowMs: Date.now(),
    })

    expect(new X509Certificate(issued?.certificate ?? '').verify(new X509Certificate(pem).publicKey)).toBe(
      true,
    )
  })

  it('need a CA that may sign, with its own key', async () => {
    const wrong = { ...(await request(['a'])), caKey: await readFile(files.clientKey, 'utf8') }
    const leaf = {
      ...(await request(['a'])),
      caCertificate: await readFile(files.client, 'utf8'),
      caPath: files.client,
    }

    await expect(issueCertificates(wrong)).rejects.toMatchObject({ code: 'CERTIFICATE_INVALID' })
    await expect(issueCertificates(leaf)).rejects.toThrow('is not the certificate of a CA')
  })
})
