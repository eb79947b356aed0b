import { COMPACT_LENGTH } from '../../delivery/marker-compact.ts'
import type { Random } from '../../plan/random.ts'
import type { PayloadSettings } from '../../profile/schema/publish.ts'
import type { Moment } from '../ports.ts'
import { copyBytes } from './bytes.ts'
import type { Content, ContentPattern } from './content.ts'
import { binaryNoise } from './noise.ts'

type BinarySettings = Extract<PayloadSettings, { binary: unknown }>

const NOTHING = Buffer.alloc(0)

class BinaryContent implements Content {
  readonly maxBytes: number
  readonly exhausted = false
  markerAt = 0
  readonly #bytes: Uint8Array
  readonly #noise: number
  readonly #isSuffix: boolean
  readonly #random: Random

  constructor(bytes: Uint8Array, noise: number, isSuffix: boolean, random: Random) {
    this.maxBytes = bytes.length + noise
    this.#bytes = bytes
    this.#noise = noise
    this.#isSuffix = isSuffix
    this.#random = random
  }

  write(out: Buffer, at: number, _moment: Moment, room: number): number {
    let to = this.#isSuffix ? at : at + room
    to = copyBytes(out, to, this.#bytes)
    if (this.#noise > 0) to = binaryNoise.write(out, to, this.#noise, this.#random)
    this.markerAt = this.#isSuffix ? to : at
    return this.#isSuffix ? to + room : to
  }

  skip(): void {
    if (this.#noise > 0) binaryNoise.skip(this.#noise, this.#random)
  }
}

/** Random or given bytes. The marker counts into a size that is asked for, and is added to given bytes. */
export function binaryContent({ binary, marker }: BinarySettings, marked: boolean): ContentPattern {
  const noise = 'size' in binary ? Math.max(0, binary.size - (marked ? COMPACT_LENGTH : 0)) : 0
  const bytes =
    'hex' in binary
      ? Buffer.from(binary.hex, 'hex')
      : 'base64' in binary
        ? Buffer.from(binary.base64, 'base64')
        : NOTHING
  return {
    marker: 'compact',
    bind: ({ random }) => new BinaryContent(bytes, noise, marker === 'suffix', random),
  }
}
