import type { SeriesPoint } from './types.ts'

/** Counts that a point shows as rates. */
export const SERIES_COUNTS = ['generated', 'sent', 'acked', 'delivered', 'behind'] as const
export type SeriesCount = (typeof SERIES_COUNTS)[number]

/** Latency values of a point. */
export const SERIES_LATENCIES = ['ackP50', 'ackP99', 'e2eP50', 'e2eP99'] as const
export type SeriesLatency = (typeof SERIES_LATENCIES)[number]

/** What is kept of one interval. */
class Cell {
  generated = 0
  sent = 0
  acked = 0
  delivered = 0
  behind = 0
  connected = 0
  /** The second that `connected` is of. */
  connectedAt = -1
  ackP50: number | null = null
  ackP99: number | null = null
  e2eP50: number | null = null
  e2eP99: number | null = null
}

/**
 * The intervals of one fleet, or of all. When there are too many, neighbours merge: counts add up, the later number of
 * connections stays, and of latencies the worse, because percentiles have no average.
 */
export class SeriesRow {
  #cells: (Cell | undefined)[] = []

  count(interval: number, name: SeriesCount, amount: number): void {
    this.#cell(interval)[name] += amount
  }

  /** Adds to the devices connected at the end of a second; of an interval the last second counts. */
  connected(interval: number, second: number, amount: number): void {
    const cell = this.#cell(interval)
    if (second < cell.connectedAt) return
    cell.connected = second === cell.connectedAt ? cell.connected + amount : amount
    cell.connectedAt = second
  }

  /** Notes that an interval was watched, so that it has a point even if nothing happened. */
  cover(interval: number): void {
    this.#cell(interval)
  }

  latency(interval: number, name: SeriesLatency, ms: number): void {
    const cell = this.#cell(interval)
    cell[name] = Math.max(cell[name] ?? 0, ms)
  }

  /** Makes one interval of every two. */
  halve(): void {
    const halved: (Cell | undefined)[] = []
    this.#cells.forEach((cell, interval) => {
      const place = interval >> 1
      const earlier = halved[place]
      halved[place] = earlier && cell ? mergeCells(earlier, cell) : (earlier ?? cell)
    })
    this.#cells = halved
  }

  /** The points of the intervals before `end`; an interval of which nothing is known has none. */
  points(intervalS: number, end: number, targetAt: (timeMs: number) => number): SeriesPoint[] {
    const points: SeriesPoint[] = []
    for (let interval = 0; interval < Math.min(end, this.#cells.length); interval += 1) {
      const cell = this.#cells[interval]
      if (!cell) continue
      const t = interval * intervalS
      points.push({
        t,
        target: targetAt((t + intervalS / 2) * 1_000),
        generated: cell.generated / intervalS,
        sent: cell.sent / intervalS,
        acked: cell.acked / intervalS,
        delivered: cell.delivered / intervalS,
        connected: cell.connected,
        behind: cell.behind / intervalS,
        ackP50: cell.ackP50,
        ackP99: cell.ackP99,
        e2eP50: cell.e2eP50,
        e2eP99: cell.e2eP99,
      })
    }
    return points
  }

  #cell(interval: number): Cell {
    const known = this.#cells[interval]
    if (known) return known
    const cell = new Cell()
    // Filled up to here, so that a gap does not turn the array into a dictionary.
    while (this.#cells.length < interval) this.#cells.push(undefined)
    this.#cells[interval] = cell
    return cell
  }
}

function mergeCells(earlier: Cell, later: Cell): Cell {
  const merged = new Cell()
  for (const name of SERIES_COUNTS) merged[name] = earlier[name] + later[name]
  const last = later.connectedAt >= 0 ? later : earlier
  merged.connected = last.connected
  merged.connectedAt = last.connectedAt
  for (const name of SERIES_LATENCIES) {
    const [one, other] = [earlier[name], later[name]]
    merged[name] = one === null ? other : other === null ? one : Math.max(one, other)
  }
  return merged
}
