import { AppError } from '../errors.ts'
import type { Profile } from './profile.ts'

/** The profile with its stages stretched or shortened in proportion, so that they last `totalMs` together. */
export function withDuration(profile: Profile, totalMs: number): Profile {
  if (!Number.isFinite(totalMs) || totalMs <= 0)
    throw new AppError({
      code: 'BAD_USAGE',
      message: `a run cannot last ${totalMs} ms`,
      hint: 'Give a duration such as --duration 5m.',
    })
  const before = profile.stages.reduce((sum, stage) => sum + stage.for, 0)
  let elapsed = 0
  let placed = 0
  const stages = profile.stages.map((stage) => {
    elapsed += stage.for
    // Ends are placed, not lengths, so that rounding never adds up.
    const end = (totalMs * elapsed) / before
    const length = end - placed
    placed = end
    return { ...stage, for: length }
  })
  return { ...profile, stages }
}
