import { describe, expect, it } from 'vitest'
import { type BadBrokerKind, startBadBroker } from '../support/bad-broker.ts'
import { flotilla } from '../support/cli.ts'
import { freePort } from '../support/free-port.ts'
import { useScratch } from '../support/scratch.ts'
import { type ShortProfile, shortProfile } from '../support/short-profile.ts'
import { validReport } from '../support/valid-report.ts'

const scratch = useScratch()
let files = 0

/** A run that cannot start: exit code 4 in bounded time, and nothing left. */
async function cannotStart(profile: ShortProfile, ...args: string[]) {
  files += 1
  const file = scratch.write(`broker-${files}.json`, shortProfile(profile))
  const result = await flotilla(['run', file, ...args], { cwd: scratch.path })
  expect(result).toMatchObject({ exitCode: 4, orphans: [] })
  expect(result.tookMs).toBeLessThan(30_000)
  return result
}

const REFUSALS: [BadBrokerKind, string, RegExp][] = [
  ['speaks HTTP', 'NOT_MQTT', /an HTTP answer instead of MQTT: "HTTP\/1.1 400 Bad Request"; .+ ws:\/\//],
  ['answers garbage', 'NOT_MQTT', /no MQTT: .+ it began with 0xdeadbeef/],
  ['closes', 'NOT_MQTT', /closed the connection before CONNACK/],
  ['resets', 'NOT_MQTT', /reset the connection: check the network and the log of the broker \(ECONNRESET\)/],
  ['closes in mid-handshake', 'NOT_MQTT', /it began with 0x2003|closed the connection before CONNACK/],
  ['never answers', 'BROKER_UNREACHABLE', /did not answer in 10 s|no CONNACK within 10 s/],
]

describe.concurrent.each(REFUSALS)('a broker that %s', (kind, code, reason) => {
  it('is named at once, because the probe connects first', async () => {
    const broker = await startBadBroker(kind)
    const { stdout, stderr } = await cannotStart({ port: broker.port })
    await broker.stop()

    expect(stdout).toBe('')
    expect(stderr).toMatch(reason)
    expect(stderr).toContain(`(${code})\n  `)
    expect(stderr).toMatch(/\n {2}[A-Z].+\.\n$/)
  })

  it('ends a run without a probe with a report that says so', async () => {
    const broker = await startBadBroker(kind)
    const observe = { probe: false } as const
    const { stdout, stderr } = await cannotStart({ port: broker.port, observe, for: '60s' }, '--json')
    await broker.stop()

    const report = validReport(stdout)
    expect(report.verdict).toBe('invalid')
    expect(report.reasons[0]?.text).toMatch(reason)
    expect(report.reasons[0]?.text).toContain(`(${code})`)
    expect(report.books.sent).toBe(0)
    expect(report.connections).toMatchObject({ planned: 5, connected: 0 })
    expect(stderr).toMatch(reason)
  })
})

describe.concurrent('a broker that is not there', () => {
  it('is named with its port and what to do', async () => {
    const port = await freePort()
    const { stderr, stdout, tookMs } = await cannotStart({ port })

    expect(stdout).toBe('')
    expect(stderr).toBe(
      `flotilla: The probe cannot connect: nothing listens at 127.0.0.1:${port}: start the broker or check the port (ECONNREFUSED) (BROKER_UNREACHABLE)\n  Check that the broker is running, and host, port and firewall.\n`,
    )
    expect(tookMs).toBeLessThan(15_000)
  })

  it('has a name that nobody knows', async () => {
    const { stderr } = await cannotStart({ broker: { url: 'mqtt://broker.invalid:1883' } }, '--yes')

    expect(stderr).toMatch(/broker\.invalid:1883.*\((ENOTFOUND|EAI_AGAIN)\) \(BROKER_UNREACHABLE\)\n {2}\S/)
  })

  it('is asked for before anything is sent to another machine', async () => {
    const file = scratch.write('foreign.json', shortProfile({ broker: { url: 'mqtt://broker.invalid' } }))
    const result = await flotilla(['run', file], { cwd: scratch.path })

    expect(result).toMatchObject({ exitCode: 2, stdout: '', orphans: [] })
    expect(result.stderr).toMatch(/5 devices to broker\.invalid:1883.+\(CONSENT_NEEDED\)\n {2}Pass --yes/)
  })

  it.each<[string, BadBrokerKind, string, RegExp]>([
    ['mqtts', 'speaks HTTP', 'TLS_FAILED', /does not speak TLS: use the TLS port/],
    ['mqtts', 'closes', 'TLS_FAILED', /check that this port speaks TLS/],
    ['ws', 'speaks HTTP', 'NOT_MQTT', /HTTP 400/],
    ['wss', 'speaks HTTP', 'TLS_FAILED', /does not speak TLS: use the TLS port/],
  ])('but something else is, asked for %s, that %s', async (scheme, kind, code, reason) => {
    const broker = await startBadBroker(kind)
    const url = `${scheme}://127.0.0.1:${broker.port}`
    const [probe, devices] = await Promise.all([
      cannotStart({ broker: { url } }),
      cannotStart({ broker: { url }, observe: { probe: false } }),
    ])
    await broker.stop()

    expect(probe.stderr).toMatch(reason)
    expect(probe.stderr).toContain(`(${code})\n  `)
    expect(devices.stdout.replaceAll(/\s+/g, ' ')).toMatch(reason)
    expect(devices.stdout.replaceAll(/\s+/g, ' ')).toContain(`(${code})`)
  })
})
