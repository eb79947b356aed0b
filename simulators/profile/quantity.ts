import { z } from 'zod'

/** Milliseconds in each unit of time a profile may use. */
const TIME_UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }
/** Bits per second in each unit; a kilobit is 1,000 bits. */
const BIT_UNITS: Readonly<Record<string, number>> = { bit: 1, kbit: 1e3, Mbit: 1e6, Gbit: 1e9 }
/** Bytes in each unit. */
const BYTE_UNITS: Readonly<Record<string, number>> = { B: 1, KB: 1e3, MB: 1e6, KiB: 1_024, MiB: 1_048_576 }

const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/
const FREQUENCY = /^(\d+(?:\.\d+)?)\/(s|m|h)$/
const BIT_RATE = /^(\d+(?:\.\d+)?)(bit|kbit|Mbit|Gbit)\/s$/
const BYTE_SIZE = /^(\d+(?:\.\d+)?)(B|KB|MB|KiB|MiB)$/
const SHARE = /^(\d+(?:\.\d+)?)%$/

/** A duration such as "250ms", "1.5s", "2m" or "1h", in milliseconds; undefined when it is none. */
export function parseDuration(text: string): number | undefined {
  const match = DURATION.exec(text)
  const unit = TIME_UNITS[match?.[2] ?? '']
  return match && unit ? Number(match[1]) * unit : undefined
}

/** A frequency such as "5/s" or "12/h", in hertz; undefined when it is none. */
export function parseFrequency(text: string): number | undefined {
  const match = FREQUENCY.exec(text)
  const unit = TIME_UNITS[match?.[2] ?? '']
  return match && unit ? (Number(match[1]) * 1_000) / unit : undefined
}

/** A bit rate such as "20kbit/s" or "1.5Mbit/s", in bits per second; undefined when it is none. */
export function parseBitRate(text: string): number | undefined {
  const match = BIT_RATE.exec(text)
  const unit = BIT_UNITS[match?.[2] ?? '']
  return match && unit ? Number(match[1]) * unit : undefined
}

/** A size such as "1500B", "64KB" or "64KiB", in bytes; undefined when it is none. */
export function parseByteSize(text: string): number | undefined {
  const match = BYTE_SIZE.exec(text)
  const unit = BYTE_UNITS[match?.[2] ?? '']
  return match && unit ? Number(match[1]) * unit : undefined
}

/** A share such as "70%", as a fraction; undefined when it is none. */
export function parseShare(text: string): number | undefined {
  const match = SHARE.exec(text)
  return match ? Number(match[1]) / 100 : undefined
}

/** A quantity written as a string with its unit, read into a number by `parse`. */
function quantity(pattern: RegExp, parse: (text: string) => number | undefined, wanted: string) {
  const error = ({ input }: { input?: unknown }) => `${JSON.stringify(input)} is not ${wanted}`
  return z
    .string({ error })
    .regex(pattern, { error })
    .transform((text) => parse(text) ?? Number.NaN)
}

export const duration = () =>
  quantity(DURATION, parseDuration, 'a duration such as "250ms", "10s", "2m" or "1h"')
export const frequency = () => quantity(FREQUENCY, parseFrequency, 'a rate such as "5/s", "12/m" or "1/h"')
export const share = () => quantity(SHARE, parseShare, 'a share such as "70%"')
export const bitRate = () =>
  quantity(BIT_RATE, parseBitRate, 'a bit rate such as "20kbit/s", "1.5Mbit/s" or "9600bit/s"')
export const byteSize = () => quantity(BYTE_SIZE, parseByteSize, 'a size such as "1500B", "64KB" or "64KiB"')
