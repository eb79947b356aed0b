/** What a shard says of its part of a cell, in one direction. */
export interface CellDemand {
  /** Links that have something to send through the cell now. */
  activeLanes: number
}

/** A shard without active links keeps room for this share of one, so that it can begin without waiting for its part. */
const STANDBY = 0.1

/** Divides a cell among shards by their active links, so that it is as fair across shards as within one. */
export function divideCell(rateBitS: number, demands: readonly CellDemand[]): number[] {
  const weights = demands.map(({ activeLanes }) => Math.max(STANDBY, activeLanes))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return weights.map((weight) => (rateBitS * weight) / total)
}
