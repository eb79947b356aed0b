import type { ErrorCode, Report } from '../../simulators/index.ts'

export const EXIT = {
  pass: 0,
  internal: 1,
  badUsage: 2,
  failed: 3,
  notStarted: 4,
  undecided: 5,
  interrupted: 130,
} as const
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

const OF_ERROR: Readonly<Record<ErrorCode, ExitCode>> = {
  INTERNAL: EXIT.internal,
  BAD_USAGE: EXIT.badUsage,
  PROFILE_UNREADABLE: EXIT.badUsage,
  PROFILE_INVALID: EXIT.badUsage,
  FILE_UNREADABLE: EXIT.badUsage,
  SECRET_MISSING: EXIT.badUsage,
  CERTIFICATE_INVALID: EXIT.badUsage,
  CONSENT_NEEDED: EXIT.badUsage,
  PREFLIGHT_FAILED: EXIT.notStarted,
  BROKER_UNREACHABLE: EXIT.notStarted,
  BROKER_REFUSED: EXIT.notStarted,
  NOT_MQTT: EXIT.notStarted,
  TLS_FAILED: EXIT.notStarted,
  WORKER_FAILED: EXIT.notStarted,
  PROBE_FAILED: EXIT.notStarted,
  REPORT_UNWRITABLE: EXIT.internal,
}

export function exitCodeOfError(code: ErrorCode): ExitCode {
  return OF_ERROR[code]
}

/** What a script learns of a run that ended with a report. */
export function exitCodeOfReport({ run, connections, verdict }: Report): ExitCode {
  if (run.interrupted) return EXIT.interrupted
  // Whatever else is true of such a run, nothing was tested.
  if (connections.planned > 0 && connections.connected === 0) return EXIT.notStarted
  if (verdict === 'pass') return EXIT.pass
  return verdict === 'fail' ? EXIT.failed : EXIT.undecided
}
