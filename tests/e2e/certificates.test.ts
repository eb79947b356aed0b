import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ProfileInput } from '../../simulators/profile/schema/profile.ts'
import { flotilla } from '../support/cli.ts'
import { type Mosquitto, startMosquitto } from '../support/mosquitto.ts'
import { describeWithMosquitto } from '../support/needs.ts'
import { OpenSsl } from '../support/openssl.ts'
import { useScratch } from '../support/scratch.ts'
import { type ShortProfile, shortProfile } from '../support/short-profile.ts'
import { validReport } from '../support/valid-report.ts'

type Tls = NonNullable<NonNullable<ProfileInput['broker']>['tls']>

const scratch = useScratch()
const DEVICES = [0, 1, 2]
const LOCAL = 'DNS:localhost,IP:127.0.0.1'

const pki = new OpenSsl(scratch.join('certs'))
pki.authority('ca')
pki.authority('other-ca')
pki.sign('server', { ca: 'ca', names: LOCAL })
pki.sign('expired-server', { ca: 'ca', names: LOCAL, days: -1 })
pki.sign('stray-server', { ca: 'ca', names: 'DNS:elsewhere.example' })
pki.sign('client', { ca: 'ca' })
pki.sign('expired', { ca: 'ca', days: -1 })
pki.sign('probe', { ca: 'ca' })
pki.encryptKey('client', 'locked.key', 'swordfish')
for (const index of DEVICES) {
  pki.sign(`meter-${index}`, { ca: 'ca' })
  pki.encryptKey(`meter-${index}`, `locked-${index}.key`, 'swordfish')
}
scratch.write('certs/not.pem', 'this is no certificate\n')
scratch.write('certs/folder.pem/file', '')

/** Lines of mosquitto.conf for a listener with TLS. */
const listener = (server: string, ...more: string[]) => [
  'listener {port} 127.0.0.1',
  `cafile ${pki.path('ca.pem')}`,
  `certfile ${pki.path(`${server}.pem`)}`,
  `keyfile ${pki.path(`${server}.key`)}`,
  ...more,
]

let files = 0
function run(url: string, tls: Tls, profile: ShortProfile = {}, args: string[] = []) {
  files += 1
  const content = shortProfile({ ...profile, broker: { url, tls: { ca: 'certs/ca.pem', ...tls } } })
  const file = scratch.write(`tls-${files}.json`, content)
  return flotilla(['run', file, ...args], { cwd: scratch.path, env: { KEY: 'swordfish', WRONG: 'herring' } })
}

describe.concurrent('files of certificates', () => {
  const cert = 'certs/client.pem'
  const key = 'certs/client.key'

  it.each<[string, Tls, RegExp]>([
    [
      'has expired',
      { cert: 'certs/expired.pem', key: 'certs/expired.key' },
      /expired\.pem expired on .+now it is/,
    ],
    [
      'belongs to another key',
      { cert, key: 'certs/probe.key' },
      /probe\.key is not the key of the certificate/,
    ],
    [
      'is not PEM',
      { cert: 'certs/not.pem', key },
      /not\.pem is not PEM \(CERTIFICATE_INVALID\)\n {2}Convert it/,
    ],
    ['has a key that is not PEM', { cert, key: 'certs/not.pem' }, /not\.pem is not PEM/],
    [
      'has a key with another pass phrase',
      { cert, key: 'certs/locked.key', passphrase: `$\{env:WRONG}` },
      /locked\.key cannot be opened: wrong pass phrase \(CERTIFICATE_INVALID\)\n {2}Check tls\.passphrase\./,
    ],
    [
      'has a locked key and no pass phrase is given',
      { cert, key: 'certs/locked.key' },
      /locked\.key is encrypted and no pass phrase is given/,
    ],
    ['stands where a CA should', { ca: 'certs/not.pem' }, /not\.pem is not PEM/],
    [
      'is no CA and is to issue others',
      { issue: { ca: cert, key } },
      /client\.pem is not the certificate of a CA.+\n {2}Name the CA that signs/,
    ],
  ])('are refused when one %s', async (_why, tls, reason) => {
    // Nothing listens there: files are looked at before anybody connects.
    const result = await run('mqtts://127.0.0.1:9', tls)

    expect(result).toMatchObject({ exitCode: 2, stdout: '', orphans: [] })
    expect(result.stderr).toMatch(reason)
    expect(result.stderr).toMatch(/\(CERTIFICATE_INVALID\)\n {2}\S/)
    expect(result.stderr).not.toMatch(/swordfish|herring/)
  })

  it.each<[string, Tls, RegExp]>([
    ['is missing', { cert: 'certs/nobody.pem', key }, /nobody\.pem: there is no such file/],
    ['is a folder', { cert: 'certs/folder.pem', key }, /folder\.pem: it is a folder/],
  ])('are refused when one %s', async (_why, tls, reason) => {
    const result = await run('mqtts://127.0.0.1:9', tls)

    expect(result).toMatchObject({ exitCode: 2, stdout: '', orphans: [] })
    expect(result.stderr).toMatch(reason)
    expect(result.stderr).toMatch(/\(FILE_UNREADABLE\)\n {2}.*relative to the profile file/)
  })
})

const lists = scratch.write('acl', 'pattern readwrite site/%u/#\npattern read site/#\n')

describeWithMosquitto('a broker with TLS', () => {
  let broker: Mosquitto
  let strict: Mosquitto
  let expired: Mosquitto
  /** Knows its clients by their certificates, and lets each write to topics of its own only. */
  const startStrict = () =>
    startMosquitto({
      listener: listener('server', 'require_certificate true', 'use_identity_as_username true'),
      settings: [`acl_file ${scratch.join(lists)}`],
    })
  beforeAll(async () => {
    broker = await startMosquitto({ listener: listener('server') })
    strict = await startStrict()
    expired = await startMosquitto({ listener: listener('expired-server') })
  })
  afterAll(() => Promise.all([broker.stop(), strict.stop(), expired.stop()]))

  describe.concurrent.each([
    ['the probe', {}],
    ['the devices', { observe: { probe: false } } as const],
  ])('is not trusted by %s', (_who, profile) => {
    it.each<[string, () => Mosquitto, Tls, RegExp]>([
      ['its CA is another one', () => broker, { ca: 'certs/other-ca.pem' }, /tls\.ca/],
      [
        'its certificate is for another name',
        () => broker,
        { serverName: 'elsewhere.example' },
        /for another name: set tls\.serverName/,
      ],
      ['its certificate has expired', () => expired, {}, /has expired: renew it on the broker/],
      ['it wants a client certificate', () => strict, {}, /client certificate/],
    ])('when %s', async (_why, which, tls, reason) => {
      const { port } = which()
      const result = await run(`mqtts://127.0.0.1:${port}`, tls, { ...profile, for: '60s' })

      const said = (result.stdout + result.stderr).replaceAll(/\s+/g, ' ')
      expect(result).toMatchObject({ exitCode: 4, orphans: [] })
      expect(said).toMatch(reason)
      expect(said).toMatch(/\(TLS_FAILED\)\.? Check the CA certificate, the server name/)
    })
  })

  it('is told which file of which device is missing', async () => {
    const tls = { cert: 'certs/meter-{{index}}.pem', key: 'certs/meter-{{index}}.key' }
    const result = await run(`mqtts://127.0.0.1:${broker.port}`, tls)

    expect(result).toMatchObject({ exitCode: 2, stdout: '', orphans: [] })
    expect(result.stderr).toMatch(/Cannot read .+meter-3\.pem: there is no such file \(FILE_UNREADABLE\)/)
  })

  const publish = [{ topic: 'site/meter-{{index}}/telemetry', qos: 1 as const, every: '100ms' }]
  const fleet = { count: DEVICES.length, clientId: 'meter-{{index}}', publish }

  it.concurrent.each<[string, Tls]>([
    [
      'issued per device',
      { issue: { ca: 'certs/ca.pem', key: 'certs/ca.key', commonName: 'meter-{{index}}' } },
    ],
    ['from files of each device', { cert: 'certs/meter-{{index}}.pem', key: 'certs/meter-{{index}}.key' }],
    [
      'with locked keys',
      { cert: 'certs/meter-{{index}}.pem', key: 'certs/locked-{{index}}.key', passphrase: `$\{secret:KEY}` },
    ],
  ])('knows each device by its certificate %s', async (_how, tls) => {
    const observe = { probe: { tls: { cert: 'certs/probe.pem', key: 'certs/probe.key' } } }
    const own = await startStrict()
    const url = `mqtts://localhost:${own.port}`
    const result = await run(url, tls, { fleet, observe }, ['--json']).finally(() => own.stop())

    const report = validReport(result.stdout)
    expect({ ...result, reasons: report.reasons }).toMatchObject({
      exitCode: 0,
      orphans: [],
      reasons: [{ code: 'all-delivered' }],
    })
    expect(report.books).toMatchObject({ rejected: 0, acked: report.books.sent })
    expect(report.observers.mqtt?.delivered).toBe(report.books.sent)
    expect(result.stdout).not.toContain('swordfish')
  })
})
