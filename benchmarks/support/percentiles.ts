import type { RecordableHistogram } from 'node:perf_hooks'
import type { Percentiles } from './driver.ts'

/** A histogram of microseconds as milliseconds; null without values. */
export function summarise(histogram: RecordableHistogram): Percentiles | null {
  if (histogram.count === 0) return null
  return {
    mean: histogram.mean / 1000,
    p50: histogram.percentile(50) / 1000,
    p99: histogram.percentile(99) / 1000,
    max: histogram.max / 1000,
  }
}
