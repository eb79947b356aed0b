import { expect, it } from 'vitest'
import { booksOf, deliveryOf, runOutcome } from '../../tests/support/run-outcome.ts'
import type { Finding } from '../delivery/types.ts'
import { buildReport } from './build.ts'
import { reportSchema } from './schema.ts'

const lost: Finding = {
  kind: 'lost',
  grade: 'violation',
  fleet: 'meters',
  qos: 1,
  count: 3,
  explanation: 'QoS 1 promises at least once.',
  examples: ['4:0:1:0:17'],
}

it('makes a report that its own schema accepts, also after a trip through JSON', () => {
  const report = buildReport(runOutcome())

  expect(reportSchema.parse(JSON.parse(JSON.stringify(report)))).toEqual(report)
})

it('keeps the field names that readers of the books rely on', () => {
  const report = buildReport(
    runOutcome({ books: booksOf({ acked: 5, qos0: 4, unacknowledged: 3, rejected: 2, offline: 1 }) }),
  )

  expect(report.books).toEqual({
    generated: 15,
    notSent: { total: 1, byReason: { offline: 1 } },
    sent: 14,
    acked: 5,
    rejected: 2,
    rejectedByCode: { 'not authorised (0x87)': 2 },
    inDoubt: 7,
    inDoubtByReason: { qos0: 4, unacknowledged: 3 },
  })
})

it('separates broken promises from what the set-up allows, in total and at each fleet', () => {
  const observation: Finding = { ...lost, kind: 'duplicate', grade: 'observation' }
  const elsewhere: Finding = { ...lost, fleet: 'other' }

  const report = buildReport(runOutcome({ findings: [lost, observation, elsewhere] }))

  const kinds = (findings: { kind: string; fleet: string }[] = []) =>
    findings.map(({ kind, fleet }) => `${fleet} ${kind}`)
  expect(kinds(report.observers.mqtt?.violations)).toEqual(['meters lost', 'other lost'])
  expect(kinds(report.observers.mqtt?.observations)).toEqual(['meters duplicate'])
  expect(kinds(report.fleets[0]?.observers.mqtt?.violations)).toEqual(['meters lost'])
  expect(kinds(report.fleets[0]?.observers.mqtt?.observations)).toEqual(['meters duplicate'])
})

it('has no MQTT observer when the probe was off', () => {
  const report = buildReport(runOutcome({ delivery: null }))

  expect(report.observers.mqtt).toBeNull()
  expect(report.fleets[0]?.observers.mqtt).toBeNull()
  expect(reportSchema.safeParse(report).success).toBe(true)
})

it('writes the open end of a blind span as null, for JSON has no infinity', () => {
  const outcome = runOutcome({ delivery: deliveryOf({ delivered: 1 }) })
  outcome.probe?.health.blind.push({ fromMs: 10, toMs: Number.POSITIVE_INFINITY, why: 'connection lost' })

  const report = buildReport(outcome)

  expect(report.observers.mqtt?.health.blind).toEqual([{ fromMs: 10, toMs: null, why: 'connection lost' }])
})

it('names the run, its times and its share as people write them', () => {
  const outcome = runOutcome()
  outcome.identity.share = { index: 2, count: 8 }
  outcome.identity.broker = { url: 'mqtts://user:hunter2@qa:8883/x', protocol: 4 }

  expect(buildReport(outcome).run).toMatchObject({
    id: '0badcafe',
    startedAt: '2026-11-22T14:05:00.000Z',
    shard: '2/8',
    broker: { url: 'mqtts://qa:8883/x', protocol: '3.1.1' },
  })
})

it('never shows a password, whatever stands in the profile', () => {
  const source = {
    broker: { url: 'mqtt://me:hunter2@host', tls: { passphrase: 'hunter2' } },
    fleets: [{ auth: { password: 'hunter2' } }, { auth: { password: '${secret:METERS}' } }],
  }

  const { profile } = buildReport(runOutcome({ source }))

  expect(JSON.stringify(profile)).not.toContain('hunter2')
  expect(profile.fleets).toEqual([
    { auth: { password: '(removed)' } },
    { auth: { password: '${secret:METERS}' } },
  ])
})
