import { cpSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { flotilla, REPOSITORY } from '../support/cli.ts'
import { startMosquitto } from '../support/mosquitto.ts'
import { describeWithMosquitto } from '../support/needs.ts'
import { OpenSsl } from '../support/openssl.ts'
import { useScratch } from '../support/scratch.ts'
import { validReport } from '../support/valid-report.ts'

const scratch = useScratch()
const SAMPLES = join(REPOSITORY, 'assets/samples')
const MTLS = 'mtls-devices.flotilla.json'
cpSync(SAMPLES, scratch.path, { recursive: true })

async function passes(args: string[], env: Record<string, string> = {}) {
  const { exitCode, orphans, stdout, stderr } = await flotilla(['run', ...args, '--json', '--quiet'], {
    cwd: scratch.path,
    env,
  })
  const report = validReport(stdout)
  expect({ exitCode, orphans, stderr, reasons: report.reasons }).toMatchObject({
    exitCode: 0,
    orphans: [],
    stderr: '',
  })
  expect(report.verdict).toBe('pass')
  return report
}

describe.concurrent('the sample', () => {
  it.each(readdirSync(SAMPLES).filter((name) => name !== MTLS))(
    '%s runs and passes as it is',
    async (name) => {
      const { books, thresholds } = await passes([name])

      expect(books.sent).toBeGreaterThan(300)
      expect(thresholds.length).toBeGreaterThan(0)
    },
  )
})

describeWithMosquitto('the sample with certificates', () => {
  it('runs against a broker that knows devices by them, and passes', async () => {
    const pki = new OpenSsl(scratch.join('certs'))
    pki.authority('ca')
    pki.sign('server', { ca: 'ca', names: 'DNS:localhost' })
    pki.encryptKey('ca', 'locked.key', 'swordfish')
    const broker = await startMosquitto({
      listener: [
        'listener {port} 127.0.0.1',
        `cafile ${pki.path('ca.pem')}`,
        `certfile ${pki.path('server.pem')}`,
        `keyfile ${pki.path('server.key')}`,
        'require_certificate true',
        'use_identity_as_username true',
      ],
    })
    const secrets = scratch.write('secrets', 'CA_KEY=swordfish\n')
    const report = await passes([
      ...[MTLS, '--secret-file', secrets, '--duration', '12s'],
      ...['--set', `broker.url=mqtts://localhost:${broker.port}`],
      ...['--set', 'broker.tls.issue.key=certs/locked.key'],
    ]).finally(() => broker.stop())

    expect(report.connections).toMatchObject({ planned: 100, connected: 100, failures: 0 })
  })
})
