import type { Fleet } from '../profile/profile.ts'
import type { Timeline } from './timeline.ts'

/** A time for which a device is meant to be connected; Infinity: to the end of the run. */
export interface DeviceSpan {
  connectMs: number
  disconnectMs: number
}

/** A corner of the planned number of connected devices, which runs in straight lines. */
interface Corner {
  timeMs: number
  level: number
}

/** Levels this near to a whole number are that number; far below one device, far above rounding errors. */
const ROUNDING = 1e-9

/**
 * When each device of a fleet connects and is told to disconnect. Device i is connected while the planned level is
 * above i, so the last that came is the first to go. A function of i: nothing is kept per device.
 */
export class ConnectPlan {
  readonly #corners: readonly Corner[]

  constructor(corners: readonly Corner[]) {
    this.#corners = corners
  }

  /** The times for which a device of the fleet is meant to be connected, in order; none when its turn never comes. */
  spansOf(index: number): DeviceSpan[] {
    const spans: DeviceSpan[] = []
    let open: DeviceSpan | undefined
    for (let next = 1; next < this.#corners.length; next += 1) {
      const from = this.#corners[next - 1]
      const to = this.#corners[next]
      if (!from || !to) break
      const above = to.level > index + ROUNDING
      if (!open && above) {
        open = { connectMs: crossing(from, to, index), disconnectMs: Number.POSITIVE_INFINITY }
        spans.push(open)
      } else if (open && !above) {
        open.disconnectMs = crossing(from, to, index)
        open = undefined
      }
    }
    return spans
  }

  /** Devices that are meant to be connected at a time. */
  connectedAt(timeMs: number): number {
    const first = this.#corners[0]
    if (!first || timeMs < first.timeMs) return 0
    let low = 0
    let high = this.#corners.length - 1
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if ((this.#corners[middle]?.timeMs ?? 0) <= timeMs) low = middle
      else high = middle
    }
    const from = this.#corners[low] ?? first
    const to = this.#corners[high] ?? from
    if (timeMs >= to.timeMs) return devicesAt(to.level)
    const level = from.level + ((to.level - from.level) * (timeMs - from.timeMs)) / (to.timeMs - from.timeMs)
    return devicesAt(level)
  }

  /** The most devices that are meant to be connected at the same time. */
  get peak(): number {
    return devicesAt(Math.max(0, ...this.#corners.map((corner) => corner.level)))
  }

  /** Times at which the level changes its direction. */
  get cornerTimes(): number[] {
    return this.#corners.map((corner) => corner.timeMs)
  }
}

/** When the line from one corner to another is at a level; multiplied first, so that grids stay whole numbers. */
function crossing(from: Corner, to: Corner, level: number): number {
  const timeMs = from.timeMs + ((to.timeMs - from.timeMs) * (level - from.level)) / (to.level - from.level)
  return Math.min(to.timeMs, Math.max(from.timeMs, timeMs))
}

/** Devices at a level: i is connected while the level is above i. */
function devicesAt(level: number): number {
  return Math.max(0, Math.ceil(level - ROUNDING))
}

/** Plans the connections of a fleet: the straight lines of the stages, never steeper than connect.rate. */
export function connectPlan(fleet: Pick<Fleet, 'count' | 'connect'>, timeline: Timeline): ConnectPlan {
  const path = new RisingPath(fleet.connect.rate / 1_000)
  for (const span of timeline.spans) {
    const startTarget = Math.round(span.startShare * fleet.count)
    const endTarget = Math.round(span.endShare * fleet.count)
    path.follow(span.startMs, span.endMs, startTarget, endTarget)
  }
  return new ConnectPlan(path.corners)
}

/** Follows a target of straight lines with a limit on how fast it may rise; falls are followed at once. */
class RisingPath {
  readonly corners: Corner[] = [{ timeMs: 0, level: 0 }]
  readonly #risePerMs: number
  /** No device connects before: one spacing after the last that did. */
  #nextConnectMs = 0

  constructor(risePerMs: number) {
    this.#risePerMs = risePerMs
  }

  follow(startMs: number, endMs: number, startTarget: number, endTarget: number): void {
    const slope = (endTarget - startTarget) / (endMs - startMs)
    const target = (timeMs: number) =>
      timeMs >= endMs ? endTarget : startTarget + slope * (timeMs - startMs)
    let { timeMs, level } = this.#at
    // After a fall the next place of the grid may still lie ahead: wait, unless the line falls to us first.
    const soonestMs = timeMs + (devicesAt(level) - level) / this.#risePerMs
    const waitMs = this.#nextConnectMs - soonestMs
    if ((slope > 0 || level < startTarget) && waitMs > ROUNDING) {
      const meetMs = slope < 0 ? startMs + (level - startTarget) / slope : endMs
      timeMs = Math.min(timeMs + waitMs, meetMs, endMs)
      this.#go(timeMs, level)
    }
    if (level < target(timeMs) && timeMs < endMs) {
      const gap = target(timeMs) - level
      const closing = this.#risePerMs - slope
      const meetMs = closing > 0 ? timeMs + gap / closing : Number.POSITIVE_INFINITY
      const untilMs = Math.min(meetMs, endMs)
      this.#go(untilMs, meetMs <= endMs ? target(meetMs) : level + this.#risePerMs * (endMs - timeMs))
      ;({ timeMs, level } = this.#at)
    }
    if (timeMs < endMs) {
      const rise = Math.min(slope, this.#risePerMs) * (endMs - timeMs)
      this.#go(endMs, slope <= this.#risePerMs ? endTarget : level + rise)
    }
  }

  get #at(): Corner {
    return this.corners.at(-1) ?? { timeMs: 0, level: 0 }
  }

  #go(timeMs: number, level: number): void {
    const from = this.#at
    if (timeMs <= from.timeMs) return
    const to = { timeMs, level }
    if (level > from.level) {
      const lastDevice = devicesAt(level) - 1
      if (lastDevice >= from.level - ROUNDING) {
        this.#nextConnectMs = crossing(from, to, lastDevice) + 1 / this.#risePerMs
      }
    }
    this.corners.push(to)
  }
}
