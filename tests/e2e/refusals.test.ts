import { pbkdf2Sync, randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { flotilla } from '../support/cli.ts'
import { type Mosquitto, startMosquitto } from '../support/mosquitto.ts'
import { describeWithMosquitto } from '../support/needs.ts'
import { useScratch } from '../support/scratch.ts'
import { shortProfile } from '../support/short-profile.ts'
import { startSinfulBroker } from '../support/sinful-broker.ts'
import { validReport } from '../support/valid-report.ts'

const scratch = useScratch()

/** Does something with a Mosquitto of its own, which ends with it. */
async function withMosquitto<Value>(
  settings: string[],
  act: (broker: Mosquitto) => Promise<Value>,
): Promise<Value> {
  const broker = await startMosquitto({ settings })
  try {
    return await act(broker)
  } finally {
    await broker.stop()
  }
}

/** Makes a password file for "probe" and "devices", both with the password "swordfish". */
function passwordFile(): string {
  const path = scratch.join('passwords')
  // As mosquitto_passwd does: PBKDF2 with SHA-512.
  const rows = ['probe', 'devices'].map((name) => {
    const [rounds, salt] = [101, randomBytes(12)]
    const hash = pbkdf2Sync('swordfish', salt, rounds, 64, 'sha512')
    return `${name}:$7$${rounds}$${salt.toString('base64')}$${hash.toString('base64')}\n`
  })
  scratch.write('passwords', rows.join(''))
  return path
}

const auth = (username: string) => ({ username, password: `$\{env:MQTT_PASSWORD}` })
const MQTT_PASSWORD = 'swordfish'

describeWithMosquitto.concurrent('a broker that asks for credentials', () => {
  const settings = [`password_file ${passwordFile()}`, 'allow_anonymous false']

  it.each(['3.1.1', 5] as const)('refuses a probe that has none, in MQTT %s', async (protocol) => {
    const result = await withMosquitto(settings, ({ port }) => {
      const file = scratch.write(`anonymous-${protocol}.json`, shortProfile({ port, broker: { protocol } }))
      return flotilla(['run', file], { cwd: scratch.path })
    })

    expect(result).toMatchObject({ exitCode: 4, stdout: '', orphans: [] })
    expect(result.stderr).toMatch(
      /The probe cannot connect: 127\.0\.0\.1:\d+ refused: not authorised \((0x87|5)\) \(BROKER_REFUSED\)\n {2}.+observe\.probe\.auth/,
    )
  })

  it.each(['3.1.1', 5] as const)('refuses devices with a wrong password, in MQTT %s', async (protocol) => {
    const observe = { probe: { auth: auth('probe') } }
    const fleet = { auth: { username: 'devices', password: `$\{env:WRONG}` } }
    const result = await withMosquitto(settings, ({ port }) => {
      const profile = shortProfile({ port, broker: { protocol }, observe, fleet, for: '60s' })
      const file = scratch.write(`wrong-${protocol}.json`, profile)
      const env = { MQTT_PASSWORD, WRONG: 'herring' }
      return flotilla(['run', file, '--json'], { cwd: scratch.path, env })
    })

    expect(result).toMatchObject({ exitCode: 4, orphans: [] })
    expect(result.tookMs).toBeLessThan(25_000)
    const report = validReport(result.stdout)
    expect(report.verdict).toBe('invalid')
    expect(report.reasons[0]?.text).toMatch(
      /not authorised \((0x87|5)\).*\(BROKER_REFUSED\)\. Check user name/,
    )
    expect(Object.keys(report.connections.byReason)).toEqual([expect.stringContaining('not authorised')])
    expect(result.stdout + result.stderr).not.toMatch(/swordfish|herring/)
  })

  it('lets in who has them', async () => {
    const observe = { probe: { auth: auth('probe') } }
    const result = await withMosquitto(settings, ({ port }) => {
      const file = scratch.write(
        'right.json',
        shortProfile({ port, observe, fleet: { auth: auth('devices') } }),
      )
      return flotilla(['run', file], { cwd: scratch.path, env: { MQTT_PASSWORD } })
    })

    expect(result).toMatchObject({ exitCode: 0, orphans: [] })
    expect(result.stdout).toContain('✓ PASS')
  })

  it('and denies one fleet is told which', async () => {
    const observe = { probe: { auth: auth('probe') } }
    const publish = [{ topic: 'site/{{device}}', qos: 1 as const, every: '100ms' }]
    const fleets = [
      { name: 'allowed', count: 3, publish, auth: auth('devices') },
      { name: 'denied', count: 2, publish, auth: auth('nobody') },
    ]
    const result = await withMosquitto(settings, ({ port }) => {
      const file = scratch.write('denied.json', shortProfile({ port, observe, fleets }))
      return flotilla(['run', file, '--json'], { cwd: scratch.path, env: { MQTT_PASSWORD } })
    })

    expect(result).toMatchObject({ exitCode: 5, orphans: [] })
    const report = validReport(result.stdout)
    expect(report.verdict).toBe('inconclusive')
    expect(report.reasons.map(({ text }) => text).join('\n')).toContain(
      '2 of 2 devices of fleet denied never connected',
    )
    expect(report.fleets[0]?.observers.mqtt).toMatchObject({ missing: 0 })
    expect(report.fleets[1]?.books).toMatchObject({ sent: 0 })
    expect(result.stderr).toMatch(/not authorised \(0x87\) \(denied\)/)
  })
})

describeWithMosquitto.concurrent('a broker with access lists', () => {
  it('rejects by name what a device may not publish (MQTT 5)', async () => {
    const lists = scratch.write('acl', 'topic readwrite open/#\ntopic read #\n')
    const publish = [
      { topic: 'open/{{device}}', qos: 1 as const, every: '100ms' },
      { topic: 'closed/{{device}}', qos: 1 as const, every: '200ms' },
    ]
    const result = await withMosquitto([`acl_file ${scratch.join(lists)}`], ({ port }) => {
      const file = scratch.write('acl.json', shortProfile({ port, fleet: { publish } }))
      return flotilla(['run', file, '--json'], { cwd: scratch.path })
    })

    const report = validReport(result.stdout)
    const { books } = report
    expect(books.rejected).toBeGreaterThanOrEqual(5 * 8)
    expect(books.rejectedByCode).toEqual({ 'not authorised (0x87)': books.rejected })
    expect(books.acked + books.rejected).toBe(books.sent)
    expect(report.observers.mqtt).toMatchObject({ expected: books.acked, delivered: books.acked, lost: 0 })
    expect(result.orphans).toEqual([])
    expect(result.stderr).toMatch(/\d+ × message rejected: not authorised \(0x87\) \(meters\)/)
  })

  it('that lets the probe read nothing leaves the answer open', async () => {
    const lists = scratch.write('acl-blind', 'topic write #\n')
    const result = await withMosquitto([`acl_file ${scratch.join(lists)}`], ({ port }) => {
      const file = scratch.write('acl-blind.json', shortProfile({ port }))
      return flotilla(['run', file], { cwd: scratch.path })
    })

    // Mosquitto grants the subscription and delivers nothing.
    expect(result).toMatchObject({ exitCode: 5, orphans: [] })
    expect(result.stdout).toMatch(/None of 100 messages .+\s+may\s+it read this topic/)
    expect(result.stdout).not.toMatch(/\blost [1-9]/)
  })
})

it('a broker that refuses what devices subscribe to is named with the topic', async () => {
  const broker = await startSinfulBroker({ grant: 0x87 })
  const subscribe = [{ topic: 'cmd/{{device}}', qos: 1 as const }]
  const content = shortProfile({
    port: broker.port,
    fleet: { subscribe },
    observe: { probe: false },
    for: '1s',
  })
  const file = scratch.write('subscribe.json', content)
  const result = await flotilla(['run', file, '--json'], { cwd: scratch.path })
  await broker.stop()

  expect(result.orphans).toEqual([])
  expect(validReport(result.stdout).events).toContainEqual(
    expect.objectContaining({
      kind: 'subscribe-failed',
      count: 5,
      text: 'subscription to cmd/{{device}} refused: not authorised (0x87)',
    }),
  )
})
