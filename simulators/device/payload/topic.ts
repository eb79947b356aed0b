import { AppError } from '../../errors.ts'
import type { Moment } from '../ports.ts'
import type { Frame } from './frame.ts'
import type { Values } from './variables.ts'

const LENGTH_BYTES = 2
const MAX_TOPIC_BYTES = 65_535
const BEFORE_ALL: Moment = { seq: 0, intendedUs: 0, sentLagUs: 0 }

/** The topic of one device and publish entry, as UTF-8 behind its two length bytes. */
export class Topic {
  readonly isConstant: boolean
  readonly #frame: Frame
  readonly #values: Values
  /** The topic of the message that is next; undefined until someone asks for it. */
  #current: Buffer | undefined

  constructor(frame: Frame, values: Values) {
    if (frame.maxBytes > MAX_TOPIC_BYTES) {
      throw new AppError({
        code: 'PROFILE_INVALID',
        message: `A topic can have ${frame.maxBytes} bytes; MQTT carries ${MAX_TOPIC_BYTES} at most.`,
      })
    }
    this.#frame = frame
    this.#values = values
    this.isConstant = frame.isConstant
    if (frame.isConstant) this.#current = this.#render(BEFORE_ALL)
  }

  /** Topic of the message that is next; the same however often it is asked for. */
  of(moment: Moment): Buffer {
    this.#current ??= this.#render(moment)
    return this.#current
  }

  /** The message has been written or skipped. */
  advance(): void {
    if (this.isConstant) return
    if (this.#current === undefined) this.#frame.skip(this.#values)
    this.#current = undefined
  }

  #render(moment: Moment): Buffer {
    // Each topic has a buffer of its own: messages that wait for their acknowledgement keep it.
    const bytes = Buffer.allocUnsafe(LENGTH_BYTES + this.#frame.maxBytes)
    const end = this.#frame.write(bytes, LENGTH_BYTES, this.#values, moment)
    bytes.writeUInt16BE(end - LENGTH_BYTES, 0)
    return bytes.subarray(0, end)
  }
}
