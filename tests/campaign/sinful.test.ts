import { describe, expect, it } from 'vitest'
import { checkBalance } from '../../simulators/report/balance.ts'
import { runInProcess } from '../support/in-process-run.ts'
import { startSinfulBroker } from '../support/sinful-broker.ts'
import { mustHaveKeptUp, UNLESS_PAUSED } from '../support/trap.ts'
import { MESSAGES, sinfulCase } from './sinful-case.ts'
import { toldCounts, toldFindings, trueCounts, trueFindings, truthOf } from './sinful-truth.ts'

/** `npm test` runs a slice; FLOTILLA_CAMPAIGN=100 is what .ci/run asks for. */
const RUNS = Number(process.env.FLOTILLA_CAMPAIGN ?? 12)
const seeds = Array.from({ length: RUNS }, (_, run) => run + 1)

describe.concurrent('a broker that drops, repeats and reorders on purpose', UNLESS_PAUSED, () => {
  it.each(seeds)('is counted exactly (seed %i)', async (seed) => {
    const { sins, profile, told } = sinfulCase(seed)
    const broker = await startSinfulBroker(sins, seed)
    const report = await runInProcess(profile(broker.port)).done
    await broker.stop()
    // What was on its way while the whole process stood still is no proof of a loss, and the checker says so.
    if (report.observers.mqtt?.health.blind.length !== 0) mustHaveKeptUp(report)

    const truth = trueCounts(truthOf(broker.truth))
    expect(truth.sent, told).toBeGreaterThanOrEqual(MESSAGES)
    expect(toldCounts(report), told).toEqual(truth)
    expect(report.observers.mqtt, told).toMatchObject({
      ...{ inconclusive: 0, unconfirmed: 0, corrupt: 0, phantom: 0, abortedReads: 0 },
      ...{ unresolved: 0, orderUnjudged: 0, foreign: 0, damaged: 0, retained: 0 },
    })
    let firstDevice = 0
    for (const fleet of report.fleets) {
      const [from, to] = [firstDevice, firstDevice + fleet.devices]
      const own = truthOf(broker.truth, ({ device }) => device >= from && device < to)
      expect(toldCounts(fleet), told).toEqual(trueCounts(own))
      firstDevice = to
    }
    const findings = toldFindings(report).filter((line) => !line.includes('no-subscribers'))
    expect(findings, told).toEqual(trueFindings(broker.truth, report.fleets))
    expect(checkBalance(report)).toEqual([])
    // On a machine that is too slow for the load the verdict is that of the generator; the counts are right all the same.
    if (report.generator.saturated) expect(report.verdict).toBe('invalid')
    else
      expect(report.verdict, told).toBe(
        findings.some((line) => line.startsWith('violation')) ? 'fail' : 'pass',
      )
  })
})
