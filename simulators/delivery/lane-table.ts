/** Lanes of one stream whose order is judged; arrivals on further ones are counted as unjudged. */
export const MAX_LANES = 256

/** What the highest number of its lane says about a first receipt. */
export const IN_LANE_ORDER = 0
export const BEHIND_ITS_LANE = 1
export const LANE_UNJUDGED = 2
export type LaneJudgement = typeof IN_LANE_ORDER | typeof BEHIND_ITS_LANE | typeof LANE_UNJUDGED

/** Highest number per lane, for the few streams that are seen on several topics or Kafka partitions. */
export class LaneTable {
  private readonly highest = new Map<number, number>()

  get count(): number {
    return this.highest.size
  }

  /** Judges the first receipt of `seq` and remembers it. */
  judge(lane: number, seq: number): LaneJudgement {
    const highest = this.highest.get(lane)
    if (highest === undefined && this.highest.size >= MAX_LANES) return LANE_UNJUDGED
    if (highest !== undefined && seq < highest) return BEHIND_ITS_LANE
    this.highest.set(lane, seq)
    return IN_LANE_ORDER
  }
}
