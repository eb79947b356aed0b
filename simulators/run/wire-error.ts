import { AppError, toAppError } from '../errors.ts'
import type { WireError } from './messages.ts'

/** An error as plain data, for the way between processes. */
export function toWireError(thrown: unknown): WireError {
  const { code, message, hint } = toAppError(thrown)
  return { code, message, hint }
}

/** The error back from the wire. */
export function fromWireError(error: WireError): AppError {
  return new AppError(error)
}
