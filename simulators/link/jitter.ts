import type { Random } from '../plan/random.ts'
import type { Distribution, LaneModel } from './model.ts'

/** netem's tables end at four times the jitter, because they are 16-bit numbers in units of 1/8192. */
const NETEM_LIMIT = 32_767 / 8_192
/** Shape of the lognormal: its 99th percentile then lies 3.6 standard deviations above the mean. */
const LOGNORMAL_SHAPE = 1
const LOGNORMAL_MEAN = Math.exp(LOGNORMAL_SHAPE ** 2 / 2)
const LOGNORMAL_DEVIATION = LOGNORMAL_MEAN * Math.sqrt(Math.exp(LOGNORMAL_SHAPE ** 2) - 1)

/** Share of a standard normal below `z` (Abramowitz and Stegun 26.2.17, error below 7.5e-8). */
export function normalShare(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z))
  const tail =
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  const above = (tail * Math.exp(-(z * z) / 2)) / Math.sqrt(2 * Math.PI)
  return z < 0 ? above : 1 - above
}

/** netem's pareto: shape 3, shifted to mean 0 and scaled by 4/3, as iproute2 generates its table. */
function pareto(share: number): number {
  return Math.min(NETEM_LIMIT, ((1 - share) ** (-1 / 3) - 1.5) * (4 / 3))
}

function fromTable(table: readonly number[], share: number): number {
  const place = share * (table.length - 1)
  const below = Math.floor(place)
  const low = table[below] ?? 0
  const high = table[below + 1] ?? low
  return low + (high - low) * (place - below)
}

/** Value of a distribution, in units of the jitter, where a standard normal has the value `z`. */
function valueAt(distribution: Distribution, z: number): number {
  switch (distribution) {
    case 'normal':
      return z
    case 'uniform':
      return 2 * normalShare(z) - 1
    case 'pareto':
      return pareto(normalShare(z))
    case 'paretonormal':
      return 0.25 * z + 0.75 * pareto(normalShare(z))
    case 'lognormal':
      return (Math.exp(LOGNORMAL_SHAPE * z) - LOGNORMAL_MEAN) / LOGNORMAL_DEVIATION
    default:
      return fromTable(distribution.table, normalShare(z))
  }
}

/**
 * Draws one-way delays. Correlation is that of the normal variable behind every shape, so that it does not change the
 * shape itself, as netem's mixing of neighbours does.
 */
export class Jitter {
  readonly #random: Random
  #z = 0

  constructor(random: Random) {
    this.#random = random
  }

  /** The delay of the next packet; never below zero. */
  delayMs({ delayMs, jitterMs, distribution, correlation }: LaneModel): number {
    if (jitterMs === 0) return delayMs
    const fresh = this.#random.normal(0, 1)
    this.#z = correlation * this.#z + Math.sqrt(1 - correlation * correlation) * fresh
    return Math.max(0, delayMs + jitterMs * valueAt(distribution, this.#z))
  }
}
