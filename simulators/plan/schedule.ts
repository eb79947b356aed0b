import type { PublishSettings } from '../profile/schema/publish.ts'
import type { DeviceSpan } from './arrivals.ts'
import type { Random } from './random.ts'
import { burstSize, periodMs } from './rate.ts'
import type { Timeline } from './timeline.ts'

export interface SchedulePlan {
  publish: Pick<PublishSettings, 'every' | 'rate' | 'arrival' | 'limit'>
  timeline: Timeline
  /** A stream of this entry's own. */
  random: Random
  /** When the device is meant to connect: nothing is due before. */
  startMs: number
  /** All times for which the device is meant to be connected; from `startMs` to the end when left out. */
  spans?: readonly DeviceSpan[]
}

type Arrival = 'constant' | 'jitter' | 'poisson' | 'burst'

/**
 * When the messages of one publish entry of one device are due. Absolute: counted in work from the start of the device,
 * so it never drifts, and a rate factor of 3 makes it run three times as fast. One object per device and entry.
 */
export class Schedule {
  readonly #timeline: Timeline
  readonly #random: Random
  readonly #spans: readonly DeviceSpan[]
  readonly #arrival: Arrival
  readonly #period: number
  readonly #burst: number
  readonly #spacing: number
  /** Work at which period 0 begins. */
  #origin: number
  #left: number
  #span = 0
  #startMs: number
  #endMs: number
  /** Period that comes next. */
  #turn = 0
  /** Message of the burst that comes next. */
  #place = 0
  /** Poisson: work at which the last message was due. */
  #work: number

  constructor({ publish, timeline, random, startMs, spans }: SchedulePlan) {
    this.#timeline = timeline
    this.#random = random
    this.#spans = spans ?? []
    this.#arrival = typeof publish.arrival === 'string' ? publish.arrival : 'burst'
    this.#period = periodMs(publish)
    this.#burst = burstSize(publish)
    // A burst that is longer than its period would run into the next one.
    const spacing = typeof publish.arrival === 'string' ? 0 : publish.arrival.spacing
    this.#spacing = Math.min(spacing, this.#period / this.#burst)
    this.#left = publish.limit ?? Number.POSITIVE_INFINITY
    const first = this.#spans[0]
    this.#startMs = Math.max(0, first?.connectMs ?? startMs)
    this.#endMs = Math.min(timeline.durationMs, first?.disconnectMs ?? Number.POSITIVE_INFINITY)
    if (spans && !first) this.#left = 0
    this.#work = timeline.work(this.#startMs)
    const even = this.#arrival === 'constant' || this.#arrival === 'burst'
    this.#origin = even ? this.#work + random.next() * this.#period : this.#work
  }

  /** Intended time of the next message, ms since the start of the run; Infinity when there are no more. */
  nextMs(): number {
    while (this.#left > 0) {
      const dueMs = this.#timeline.timeOf(this.#nextWork())
      if (dueMs < this.#endMs) {
        this.#left -= 1
        // The way to work and back may round to a hair before the start.
        return Math.max(dueMs, this.#startMs)
      }
      if (!this.#enterNextSpan()) this.#left = 0
    }
    return Number.POSITIVE_INFINITY
  }

  #nextWork(): number {
    switch (this.#arrival) {
      case 'constant':
        return this.#origin + this.#turn++ * this.#period
      case 'jitter':
        return this.#origin + (this.#turn++ + this.#random.next()) * this.#period
      case 'poisson':
        this.#work += this.#random.exponential(this.#period)
        return this.#work
      case 'burst': {
        const work = this.#origin + this.#turn * this.#period + this.#place * this.#spacing
        this.#place += 1
        if (this.#place === this.#burst) {
          this.#place = 0
          this.#turn += 1
        }
        return work
      }
    }
  }

  /** Goes on with the first period that begins in the next span of the device; false when there is none. */
  #enterNextSpan(): boolean {
    this.#span += 1
    const span = this.#spans[this.#span]
    if (!span) return false
    this.#startMs = span.connectMs
    this.#endMs = Math.min(this.#timeline.durationMs, span.disconnectMs)
    this.#work = this.#timeline.work(span.connectMs)
    // Jitter has no grid to keep: a cut period would cost half a message at every return.
    if (this.#arrival === 'jitter') this.#origin = this.#work
    this.#turn = Math.ceil((this.#work - this.#origin) / this.#period)
    this.#place = 0
    return true
  }
}

export function createSchedule(plan: SchedulePlan): Schedule {
  return new Schedule(plan)
}
