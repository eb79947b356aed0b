import { describe, expect, it } from 'vitest'
import { booksOf, deliveryOf, latencies, runOutcome } from '../../tests/support/run-outcome.ts'
import { THIN_SPACE } from '../metrics/format.ts'
import { buildReport } from './build.ts'
import type { RunOutcome } from './outcome.ts'
import { summarize } from './summary.ts'

/** The summary with spaces that an eye can tell apart. */
function summaryOf(change: Partial<RunOutcome>, path: string | null = 'out/report.json'): string {
  return summarize(buildReport(runOutcome(change)), path).replaceAll(THIN_SPACE, ' ')
}

const thresholds = [
  { check: 'lost == 0', after: 0, ok: true, actual: '0', explanation: '' },
  { check: 'e2e.p99 < 250ms', after: 10_000, ok: true, actual: '4.8 ms', explanation: '' },
]

describe('the summary', () => {
  it('of a pass', () => {
    expect(summaryOf({ thresholds })).toMatchInlineSnapshot(`
      "✓ PASS  12 000 of 12 000 messages delivered
      First run · 50 devices · mqtt://127.0.0.1:41883 (MQTT 5) · 60 s

      Why         Every message that was promised arrived, once and in order.

      Thresholds
        ✓ lost == 0        0
        ✓ e2e.p99 < 250ms  4.8 ms after 10 s

      Messages
        generated         12 000
        sent              12 000   100 % of generated
        acknowledged      12 000   100 % of sent
        delivered         12 000   100 % of expected
        missing 0 · duplicates 0 · reordered 0

      Latency               p50       p95       p99       max
        end to end       1.2 ms    3.6 ms    4.8 ms     12 ms   from the intended time
        acknowledged     0.6 ms    1.8 ms    2.4 ms      6 ms   from sent

      Connections 50 of 50 devices connected
      Generator   This machine kept up: 0 messages behind, event-loop delay p99 3 ms.
      Report      out/report.json
      "
    `)
  })

  it('of a fail by loss', () => {
    const books = booksOf({ acked: 11_990, unacknowledged: 8, rejected: 2, offline: 100 })
    const delivery = deliveryOf({ delivered: 11_987, lost: 3, unconfirmed: 8 })
    const text = summaryOf({
      verdict: 'fail',
      reasons: [
        {
          code: 'contract',
          text: '3 acknowledged messages of fleet meters never arrived. QoS 1 promises at least once, and the observer saw everything.',
        },
        { code: 'threshold', text: 'lost == 0 does not hold: 3.' },
      ],
      books,
      delivery,
      latency: latencies(11_987),
      findings: [
        {
          kind: 'lost',
          grade: 'violation',
          fleet: 'meters',
          qos: 1,
          count: 3,
          explanation: '',
          examples: [],
        },
      ],
      connections: {
        planned: 50,
        connected: 50,
        failures: 12,
        disconnects: 1,
        reconnects: 1,
        received: 0,
        byReason: { 'server busy (0x89)': 12, 'keep-alive timeout (0x8D)': 1 },
      },
      thresholds: [
        { check: 'e2e.p99 < 250ms', after: 0, ok: true, actual: '4.8 ms', explanation: '' },
        { check: 'lost == 0', after: 0, ok: false, actual: '3', explanation: '' },
      ],
    })

    expect(text).toMatchInlineSnapshot(`
      "✕ FAIL  3 messages lost
      First run · 50 devices · mqtt://127.0.0.1:41883 (MQTT 5) · 60 s

      Why         3 acknowledged messages of fleet meters never arrived. QoS 1 promises at least once, and
                  the observer saw everything.
                  lost == 0 does not hold: 3.

      Thresholds
        ✕ lost == 0        3
        ✓ e2e.p99 < 250ms  4.8 ms

      Messages
        generated         12 100
        sent              12 000   99.2 % of generated; not sent: offline 100
        acknowledged      11 990   99.9 % of sent, rejected: not authorised (0x87) 2, 8 in doubt
        delivered         11 987   99.9 % of expected
        missing 11 (lost 3, unconfirmed 8) · duplicates 0 · reordered 0

      Latency               p50       p95       p99       max
        end to end       1.2 ms    3.6 ms    4.8 ms     12 ms   from the intended time
        acknowledged     0.6 ms    1.8 ms    2.4 ms      6 ms   from sent

      Connections 50 of 50 devices connected, 12 failed attempts, 1 disconnect, 1 reconnect
                  12 × server busy (0x89)
                  1 × keep-alive timeout (0x8D)
      Generator   This machine kept up: 0 messages behind, event-loop delay p99 3 ms.
      Report      out/report.json
      "
    `)
  })

  it('of a run whose probe was blind', () => {
    const outcome = runOutcome({ delivery: deliveryOf({ delivered: 11_900, inconclusive: 100 }) })
    outcome.probe?.health.blind.push({ fromMs: 20_000, toMs: 22_300, why: 'its connection was lost' })

    expect(
      summaryOf({
        ...outcome,
        verdict: 'inconclusive',
        reasons: [
          { code: 'blind', text: 'The probe was blind for 2.3 s when 100 messages may have passed.' },
        ],
      }),
    ).toMatchInlineSnapshot(`
      "? INCONCLUSIVE  100 messages could not be judged
      First run · 50 devices · mqtt://127.0.0.1:41883 (MQTT 5) · 60 s

      Why         The probe was blind for 2.3 s when 100 messages may have passed.

      Messages
        generated         12 000
        sent              12 000   100 % of generated
        acknowledged      12 000   100 % of sent
        delivered         11 900   99.2 % of expected
        missing 100 (inconclusive 100) · duplicates 0 · reordered 0

      Latency               p50       p95       p99       max
        end to end       1.2 ms    3.6 ms    4.8 ms     12 ms   from the intended time
        acknowledged     0.6 ms    1.8 ms    2.4 ms      6 ms   from sent

      Connections 50 of 50 devices connected
      Generator   This machine kept up: 0 messages behind, event-loop delay p99 3 ms.
      Probe       It was blind for 2.3 s: its connection was lost.
      Report      out/report.json
      "
    `)
  })

  it('of a run that this machine could not drive', () => {
    const { generator } = runOutcome()
    expect(
      summaryOf(
        {
          verdict: 'invalid',
          reasons: [
            {
              code: 'saturated',
              text: 'This machine sent 12 % of the messages late, so the figures are not those of the broker.',
            },
          ],
          generator: {
            ...generator,
            behind: 1_440,
            behindShare: 0.12,
            eventLoopDelayP99Ms: 81,
            saturated: true,
            bindingLimit: 'CPU of shard 0 (99 % of one core)',
            shards: [
              ...generator.shards,
              ...generator.shards.map((shard) => ({ ...shard, ended: 'killed' as const })),
            ],
          },
        },
        null,
      ),
    ).toMatchInlineSnapshot(`
      "⊘ INVALID  12 % of messages late by this machine
      First run · 50 devices · mqtt://127.0.0.1:41883 (MQTT 5) · 60 s

      Why         This machine sent 12 % of the messages late, so the figures are not those of the broker.

      Messages
        generated         12 000
        sent              12 000   100 % of generated
        acknowledged      12 000   100 % of sent
        delivered         12 000   100 % of expected
        missing 0 · duplicates 0 · reordered 0

      Latency               p50       p95       p99       max
        end to end       1.2 ms    3.6 ms    4.8 ms     12 ms   from the intended time
        acknowledged     0.6 ms    1.8 ms    2.4 ms      6 ms   from sent

      Connections 50 of 50 devices connected
      Generator   This machine was the limit: 1 440 messages behind (12 %), event-loop delay p99 81 ms.
                  The limit: CPU of shard 0 (99 % of one core).
                  1 shard of 2 died with 50 devices; of these the last known counts are shown.
      Report      not kept; --out DIR writes it
      "
    `)
  })

  it('of a run that could not connect', () => {
    expect(
      summaryOf({
        verdict: 'invalid',
        reasons: [{ code: 'not-connected', text: 'No device could connect: ECONNREFUSED 127.0.0.1:1883.' }],
        books: booksOf({ offline: 900 }),
        delivery: deliveryOf({}),
        latency: latencies(0),
        connections: {
          planned: 1,
          connected: 0,
          failures: 7,
          disconnects: 0,
          reconnects: 0,
          received: 0,
          byReason: { 'ECONNREFUSED 127.0.0.1:1883': 7 },
        },
      }),
    ).toMatchInlineSnapshot(`
      "⊘ INVALID  0 of 1 device connected
      First run · 1 device · mqtt://127.0.0.1:41883 (MQTT 5) · 60 s

      Why         No device could connect: ECONNREFUSED 127.0.0.1:1883.

      Messages
        generated            900
        sent                   0   0 % of generated; not sent: offline 900
        acknowledged           0
        delivered              0
        missing 0 · duplicates 0 · reordered 0

      Connections 0 of 1 device connected, 7 failed attempts
                  7 × ECONNREFUSED 127.0.0.1:1883
      Generator   This machine kept up: 0 messages behind, event-loop delay p99 3 ms.
      Report      out/report.json
      "
    `)
  })

  it('lists fleets when there are several, those with losses first', () => {
    const outcome = runOutcome()
    const [fleet] = outcome.fleets
    if (!fleet) throw new Error('no fleet')
    const fleets = ['a', 'b', 'c', 'd', 'e', 'gateways'].map((name) => ({
      ...fleet,
      name,
      delivery: deliveryOf({ delivered: 10, lost: name === 'gateways' ? 2 : 0 }),
    }))

    const lines = summaryOf({ fleets }).split('\n')

    const first = lines.findIndex((line) => line.startsWith('Fleets'))
    expect(lines.slice(first, first + 6)).toMatchInlineSnapshot(`
      [
        "Fleets                     devices        sent   delivered       lost duplicates  reordered",
        "  gateways                      50      12 000          10          2          0          0",
        "  a                             50      12 000          10          0          0          0",
        "  b                             50      12 000          10          0          0          0",
        "  c                             50      12 000          10          0          0          0",
        "  and 2 more fleets in the report",
      ]
    `)
  })

  it('separates thousands by thin spaces and speaks of one message in the singular', () => {
    const report = buildReport(
      runOutcome({ books: booksOf({ acked: 1 }), delivery: deliveryOf({ delivered: 1 }) }),
    )
    expect(summarize(report, null)).toContain('1 of 1 message delivered')
    expect(summarize(buildReport(runOutcome()), null)).toContain(`12${THIN_SPACE}000`)
  })

  it('says that delivery was not judged when the probe was off', () => {
    const text = summaryOf({ delivery: null, books: booksOf({ qos0: 5 }) })

    expect(text).toContain('5 messages sent')
    expect(text).toContain('QoS 0 asks for none')
    expect(text).toContain('delivered      not judged: the probe was off')
  })

  it('stays within 100 columns and 45 lines at its worst', () => {
    const long = 'words and '.repeat(40)
    const outcome = runOutcome()
    const text = summaryOf({
      verdict: 'fail',
      reasons: Array.from({ length: 20 }, () => ({ code: 'x', text: 'words and more '.repeat(10) })),
      thresholds: Array.from({ length: 50 }, () => ({
        check: long,
        after: 1,
        ok: false,
        actual: long,
        explanation: '',
      })),
      fleets: Array.from({ length: 64 }, () => ({
        ...outcome.fleets,
        ...runOutcome(),
        name: long,
        devices: 5,
      })),
      connections: { ...outcome.connections, failures: 3, byReason: { [long]: 1, [`${long}2`]: 2, c: 3 } },
    })

    const lines = text.split('\n')
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100)
    expect(lines.length).toBeLessThanOrEqual(45)
  })

  it('leaves colour to whoever prints it', () => {
    const report = buildReport(runOutcome({ thresholds }))

    const painted = summarize(report, null, (role, text) => `<${role}>${text}</>`)

    expect(painted).toContain('<pass>✓ PASS</>  <strong>')
    expect(painted.replaceAll(/<\/?\w*>/g, '')).toBe(summarize(report, null))
  })
})
