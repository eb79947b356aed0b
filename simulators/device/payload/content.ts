import type { Random } from '../../plan/random.ts'
import type { DeviceFacts } from '../../profile/template.ts'
import type { Moment } from '../ports.ts'
import { copyBytes } from './bytes.ts'
import type { Frame, FramePattern } from './frame.ts'
import { createValues, type Values } from './variables.ts'
import type { WallClock } from './wall-time.ts'

/** The payload of one device and publish entry, from message to message; all its QoS take from one. */
export interface Content {
  /** No rendering is longer, the marker left out. */
  readonly maxBytes: number
  /** There is nothing more to send. */
  readonly exhausted: boolean
  /** Where the last rendering has left room for the marker. */
  readonly markerAt: number
  /** Writes the payload with `room` bytes left free for the marker and returns the offset behind. */
  write(out: Buffer, at: number, moment: Moment, room: number): number
  /** Advances as `write` does. */
  skip(): void
}

/** What content needs to know of its device. */
export interface ContentFacts {
  facts: DeviceFacts
  random: Random
  wallClock: WallClock
}

/** A payload compiled once for all devices. */
export interface ContentPattern {
  /** The form in which the marker fits this payload. */
  readonly marker: 'token' | 'compact'
  bind(device: ContentFacts): Content
}

class FrameContent implements Content {
  readonly maxBytes: number
  readonly exhausted = false
  markerAt = 0
  readonly #frame: Frame
  readonly #after: Uint8Array
  readonly #values: Values

  constructor(frame: Frame, after: Uint8Array, values: Values) {
    this.maxBytes = frame.maxBytes + after.length
    this.#frame = frame
    this.#after = after
    this.#values = values
  }

  write(out: Buffer, at: number, moment: Moment, room: number): number {
    const to = this.#frame.write(out, at, this.#values, moment)
    this.markerAt = to
    return copyBytes(out, to + room, this.#after)
  }

  skip(): void {
    this.#frame.skip(this.#values)
  }
}

/** Content from pieces; `patternOf` may make one per device, `after` follows the marker. */
export function frameContent(patternOf: (facts: DeviceFacts) => FramePattern, after: string): ContentPattern {
  const behind = Buffer.from(after, 'utf8')
  return {
    marker: 'token',
    bind({ facts, random, wallClock }) {
      const pattern = patternOf(facts)
      return new FrameContent(
        pattern.bind(facts),
        behind,
        createValues(random, pattern.walkStarts, wallClock),
      )
    },
  }
}
