import type { Random } from '../plan/random.ts'
import type { LaneModel, LinkModel } from './model.ts'

/** Fractional steps of the golden ratio fill [0, 1) more evenly than anything random does. */
const GOLDEN = 0.6180339887498949

/**
 * Which entry of a mix a device has, by weight: always the same one for the same device, and any run of devices has the
 * shares that were asked for as nearly as whole devices allow. -1 when no weight is above zero.
 */
export function entryOf(weights: readonly number[], device: number): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  let left = ((device * GOLDEN + GOLDEN / 2) % 1) * total
  let last = -1
  for (const [entry, weight] of weights.entries()) {
    if (weight <= 0) continue
    last = entry
    if (left < weight) return entry
    left -= weight
  }
  return last
}

/** One device's own version of a link: rates and delays vary evenly by `spread` (a share) to either side. */
export function spreadModel(model: LinkModel, spread: number, random: Random): LinkModel {
  if (spread === 0) return model
  const factor = () => 1 + spread * random.uniform(-1, 1)
  const vary = (lane: LaneModel): LaneModel => ({
    ...lane,
    rateBitS: lane.rateBitS * factor(),
    delayMs: lane.delayMs * factor(),
  })
  return { ...model, up: vary(model.up), down: vary(model.down) }
}
