import type { SeriesCount } from './series-row.ts'
import type { SeriesPoint } from './types.ts'

/**
 * Mean rate per second of a count from one time to another; points at the edges count in part, and seconds that nobody
 * watched count as nothing. Null for an empty span.
 */
export function meanRateHz(
  points: readonly SeriesPoint[],
  intervalS: number,
  name: SeriesCount,
  fromMs: number,
  toMs: number,
): number | null {
  if (toMs <= fromMs) return null
  let messages = 0
  for (const point of points) {
    const startMs = Math.max(fromMs, point.t * 1_000)
    const endMs = Math.min(toMs, (point.t + intervalS) * 1_000)
    if (endMs > startMs) messages += (point[name] * (endMs - startMs)) / 1_000
  }
  return (messages * 1_000) / (toMs - fromMs)
}
