import type { QoS } from '../profile/profile.ts'

/** The lowest of some QoS levels; 2 without any. */
export function lowestQos(levels: readonly number[]): QoS {
  if (levels.some((level) => level < 1)) return 0
  return levels.some((level) => level < 2) ? 1 : 2
}
