import { describe, expect, it } from 'vitest'
import { buildReport, type Report, type Verdict } from '../../simulators/index.ts'
import { runOutcome } from '../../tests/support/run-outcome.ts'
import { exitCodeOfError, exitCodeOfReport } from './exit-codes.ts'

function reportWith(verdict: Verdict, change: (report: Report) => void = () => undefined): Report {
  const report = buildReport(runOutcome({ verdict }))
  change(report)
  return report
}

describe('exit codes', () => {
  it.each([
    ['pass', 0],
    ['fail', 3],
    ['inconclusive', 5],
    ['invalid', 5],
  ] as const)('a verdict of %s ends with %i', (verdict, code) => {
    expect(exitCodeOfReport(reportWith(verdict))).toBe(code)
  })

  it('a run in which no device ever connected ends with 4, whatever its verdict', () => {
    const nobody = (report: Report) => {
      report.connections.connected = 0
    }
    expect(exitCodeOfReport(reportWith('invalid', nobody))).toBe(4)
    expect(exitCodeOfReport(reportWith('pass', nobody))).toBe(4)
  })

  it('an interrupted run ends with 130, also when it passed', () => {
    expect(
      exitCodeOfReport(
        reportWith('pass', (report) => {
          report.run.interrupted = true
        }),
      ),
    ).toBe(130)
  })

  it('tells bad input from a broker that cannot be reached', () => {
    expect(exitCodeOfError('PROFILE_INVALID')).toBe(2)
    expect(exitCodeOfError('SECRET_MISSING')).toBe(2)
    expect(exitCodeOfError('BROKER_UNREACHABLE')).toBe(4)
    expect(exitCodeOfError('INTERNAL')).toBe(1)
  })
})
