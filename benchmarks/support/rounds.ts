/** The middle value; of an even number of values the mean of the middle two. */
export function median(values: number[]): number {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b)
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? Number.NaN
  return (upper + lower) / 2
}

/**
 * Runs the contestants in turn, A B C A B C, so that a machine whose speed wanders treats them alike. The order
 * turns by one each round: nobody is always first.
 */
export async function interleave<Result>(
  contestants: Map<string, () => Promise<Result>>,
  rounds: number,
): Promise<Map<string, Result[]>> {
  const results = new Map<string, Result[]>([...contestants.keys()].map((name) => [name, []]))
  const entries = [...contestants]
  for (let round = 0; round < rounds; round += 1) {
    const turn = round % entries.length
    for (const [name, run] of [...entries.slice(turn), ...entries.slice(0, turn)]) {
      results.get(name)?.push(await run())
    }
  }
  return results
}

/** Median of one figure over the rounds of one contestant. */
export function medianOf<Result>(results: Result[] | undefined, figure: (result: Result) => number): number {
  return median((results ?? []).map(figure))
}

/** Ratio of two contestants round by round, then the median: what the machine did in that round cancels out. */
export function medianRatio<Result>(
  above: Result[] | undefined,
  below: Result[] | undefined,
  figure: (result: Result) => number,
): number {
  return median(
    (above ?? []).map((result, round) => {
      const other = below?.[round]
      return other ? figure(result) / figure(other) : Number.NaN
    }),
  )
}
