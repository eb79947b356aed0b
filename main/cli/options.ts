import { AppError, parseDuration } from '../../simulators/index.ts'

function badOption(option: string, value: string, wanted: string): AppError {
  return new AppError({
    code: 'BAD_USAGE',
    message: `${option} ${value}: ${wanted}`,
    hint: 'flotilla run --help shows every option with an example.',
  })
}

/** "5m" in milliseconds. */
export function durationOption(text: string): number {
  const ms = parseDuration(text)
  if (ms === undefined || ms <= 0)
    throw badOption('--duration', text, 'a duration such as 30s, 5m or 1h is wanted')
  return ms
}

export function seedOption(text: string): number {
  const seed = Number(text)
  if (!/^\d+$/.test(text) || seed > 4_294_967_295)
    throw badOption('--seed', text, 'a whole number from 0 to 4294967295 is wanted')
  return seed
}

export function shardsOption(text: string): number {
  const count = Number(text)
  if (!/^\d+$/.test(text) || count < 1 || count > 256)
    throw badOption('--shards', text, 'a whole number from 1 to 256 is wanted')
  return count
}

/** "2/8", the second of eight shares; people count from 1, the plan from 0. */
export function shareOption(text: string): { index: number; count: number } {
  const match = /^(\d{1,6})\/(\d{1,6})$/.exec(text)
  const index = Number(match?.[1])
  const count = Number(match?.[2])
  if (!match || index < 1 || index > count)
    throw badOption('--shard', text, 'a share such as 2/8 is wanted, counted from 1')
  return { index: index - 1, count }
}

/** An instant with its offset from UTC: without one, machines in two time zones would start hours apart. */
export function startAtOption(text: string, nowMs: number): number {
  const ms = /(?:Z|[+-]\d\d:?\d\d)$/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(ms)) throw badOption('--start-at', text, 'a time such as 2026-01-31T14:00:00Z is wanted')
  if (ms < nowMs)
    throw badOption('--start-at', text, `that time has passed; it is ${new Date(nowMs).toISOString()}`)
  return ms
}
