import { describe, expect, it } from 'vitest'
import { formatBytes, formatCount, formatMs, formatRate, formatShare } from './format.ts'

/** Thin spaces as underscores, so that they can be read here. */
const visible = (text: string) => text.replaceAll('\u2009', '_')

describe('numbers for people', () => {
  it('sets thin spaces between thousands', () => {
    expect([0, 7, 999, 1_000, 12_000, 1_234_567, -5_000, 2.6].map(formatCount).map(visible)).toEqual([
      '0',
      '7',
      '999',
      '1_000',
      '12_000',
      '1_234_567',
      '-5_000',
      '3',
    ])
  })

  it('writes durations with three digits and the unit that fits', () => {
    expect(
      [0, 0.0421, 0.4204, 4.2, 231.4, 999.4, 999.6, 1_234, 61_234, 750_000, 7_200_000]
        .map(formatMs)
        .map(visible),
    ).toEqual([
      '0_ms',
      '0.0421_ms',
      '0.42_ms',
      '4.2_ms',
      '231_ms',
      '999_ms',
      '1_s',
      '1.23_s',
      '61.2_s',
      '12.5_min',
      '2_h',
    ])
  })

  it('never rounds a share to nothing or to all', () => {
    expect([0, 1e-9, 0.0005, 0.123456, 0.99996, 0.99999999, 1, 1.5].map(formatShare).map(visible)).toEqual([
      '0_%',
      '<_0.001_%',
      '0.05_%',
      '12.3_%',
      '99.996_%',
      '99.999_%',
      '100_%',
      '150_%',
    ])
  })

  it('writes rates and bytes', () => {
    expect([0.5, 12.34, 19_998.4].map(formatRate).map(visible)).toEqual(['0.5/s', '12.3/s', '19_998/s'])
    expect([0, 999, 1_000, 142_300_000, 8e9].map(formatBytes).map(visible)).toEqual([
      '0_B',
      '999_B',
      '1_kB',
      '142_MB',
      '8_GB',
    ])
  })
})
