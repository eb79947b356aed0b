import { AppError } from '../../errors.ts'
import type { Moment } from '../ports.ts'
import type { Frame } from './frame.ts'
import type { Values } from './variables.ts'

const LENGTH_BYTES = 2
const MAX_TOPIC_BYTES = 65_535

/** The topics of one device and publish entry, message after message, as UTF-8 behind two length bytes. */
export interface Topic {
  /** All messages have the same. */
  readonly isConstant: boolean
  /** Topic of the message that is next; the same however often it is asked for. */
  of(moment: Moment): Buffer
  /** The message has been written or skipped. */
  advance(): void
}

class ConstantTopic implements Topic {
  readonly isConstant = true
  readonly #bytes: Buffer

  constructor(text: Uint8Array) {
    this.#bytes = Buffer.concat([Buffer.from([text.length >> 8, text.length & 255]), text])
  }

  of(): Buffer {
    return this.#bytes
  }

  advance(): void {}
}

class ChangingTopic implements Topic {
  readonly isConstant = false
  readonly #frame: Frame
  readonly #values: Values
  #current: Buffer | undefined

  constructor(frame: Frame, values: Values) {
    this.#frame = frame
    this.#values = values
  }

  of(moment: Moment): Buffer {
    this.#current ??= this.#render(moment)
    return this.#current
  }

  advance(): void {
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

/** The topic of a device; `createValues` is asked only when the topic changes from message to message. */
export function createTopic(frame: Frame, createValues: () => Values): Topic {
  if (frame.maxBytes > MAX_TOPIC_BYTES) {
    throw new AppError({
      code: 'PROFILE_INVALID',
      message: `A topic can have ${frame.maxBytes} bytes; MQTT carries ${MAX_TOPIC_BYTES} at most.`,
    })
  }
  return frame.constant ? new ConstantTopic(frame.constant) : new ChangingTopic(frame, createValues())
}
