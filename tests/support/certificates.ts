import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Paths of PEM files made for one test run. */
export interface TestCertificates {
  folder: string
  ca: string
  caKey: string
  /** For localhost and 127.0.0.1. */
  server: string
  serverKey: string
  client: string
  clientKey: string
  remove(): Promise<void>
}

const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

/** Makes a CA and what it signs with the openssl command; nothing of it outlives the test. */
export async function makeCertificates(): Promise<TestCertificates> {
  const folder = await mkdtemp(join(tmpdir(), 'flotilla-certificates-'))
  const path = (name: string): string => join(folder, name)
  async function request(name: string, subject: string, more: string[]): Promise<void> {
    const files = ['-keyout', path(`${name}.key`), '-out', path(`${name}.pem`)]
    await run('openssl', ['req', '-x509', ...EC, ...files, '-subj', subject, '-days', '30', ...more])
  }
  const signed = [
    '-CA',
    path('ca.pem'),
    '-CAkey',
    path('ca.key'),
    '-addext',
    'basicConstraints=critical,CA:FALSE',
  ]
  await request('ca', '/CN=Flotilla test CA', [])
  await Promise.all([
    request('server', '/CN=localhost', [...signed, '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']),
    request('client', '/CN=device-1', signed),
  ])
  return {
    folder,
    ca: path('ca.pem'),
    caKey: path('ca.key'),
    server: path('server.pem'),
    serverKey: path('server.key'),
    client: path('client.pem'),
    clientKey: path('client.key'),
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}
