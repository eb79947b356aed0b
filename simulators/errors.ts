/**
 * Every failure Flotilla can name. One code has one meaning; the hint says what to do about it
 * when the place that throws knows nothing better.
 */
export const ERROR_HINTS = {
  INTERNAL: 'This is a defect in Flotilla. Please report it with the run folder.',
  BAD_USAGE: 'Run flotilla --help for the commands and their options.',
  PROFILE_UNREADABLE: 'Check the path and the permissions of the profile file.',
  PROFILE_INVALID: 'Mend the problems listed; flotilla schema prints what a profile may hold.',
  FILE_UNREADABLE: 'Check the path; paths in a profile are relative to the profile file.',
  SECRET_MISSING: 'Set the environment variable, or pass --secret-file FILE with NAME=value lines.',
  CERTIFICATE_INVALID: 'Check the file with: openssl x509 -in FILE -noout -text',
  PREFLIGHT_FAILED: 'Lower the number of devices or raise the limit named.',
  BROKER_UNREACHABLE: 'Check that the broker is running, and host, port and firewall.',
  BROKER_REFUSED: 'Check user name, password and what the broker allows this client id to do.',
  NOT_MQTT: 'Check the port and the scheme (mqtt, mqtts, ws, wss), and the log of the broker.',
  TLS_FAILED: 'Check the CA certificate, the server name and the client certificate.',
  WORKER_FAILED: 'A worker process ended. Check memory and the limits of this machine.',
  PROBE_FAILED: 'The probe could not subscribe. Check what the broker lets its client id subscribe to.',
  CONSENT_NEEDED: 'Pass --yes once you have read what the run will do.',
  REPORT_UNWRITABLE: 'Check free space and permissions of the output folder, or choose another with --out.',
} as const

export type ErrorCode = keyof typeof ERROR_HINTS

export interface ErrorFacts {
  code: ErrorCode
  /** What happened, with the values. */
  message: string
  /** What to do. The code's own hint when left out. */
  hint?: string
  cause?: unknown
}

/** An error a person can act on. Anything else that is thrown is a defect. */
export class AppError extends Error {
  readonly code: ErrorCode
  readonly hint: string

  constructor({ code, message, hint, cause }: ErrorFacts) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'AppError'
    this.code = code
    this.hint = hint ?? ERROR_HINTS[code]
  }
}

/** Any thrown value as an AppError, so that hosts print one shape. */
export function toAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return new AppError({ code: 'INTERNAL', message, cause: thrown })
}
