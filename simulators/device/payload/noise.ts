import { createRandom, type Random } from '../../plan/random.ts'

const ALPHABET = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789', 'latin1')
/** 62^5 < 2^32: one draw is good for five characters. */
const CHARACTERS_PER_DRAW = 5
const POOL_BYTES = 65_536
/** Bytes drawn afresh, so that no two messages are alike; what follows is cut from a pool, 20 times cheaper. */
const FRESH_BYTES = 32

function drawText(out: Uint8Array, at: number, count: number, random: Random): void {
  for (let done = 0; done < count; done += CHARACTERS_PER_DRAW) {
    let bits = random.bits()
    const width = Math.min(CHARACTERS_PER_DRAW, count - done)
    for (let index = 0; index < width; index++) {
      const rest = Math.floor(bits / 62)
      out[at + done + index] = ALPHABET[bits - rest * 62] ?? 0
      bits = rest
    }
  }
}

function drawBinary(out: Uint8Array, at: number, count: number, random: Random): void {
  for (let done = 0; done < count; done += 4) {
    const bits = random.bits()
    const width = Math.min(4, count - done)
    for (let index = 0; index < width; index++) out[at + done + index] = bits >>> (8 * index)
  }
}

/** A kind of random bytes: `draw` makes them, `perDraw` says how many come from one number. */
class Noise {
  readonly #draw: typeof drawText
  readonly #perDraw: number
  #pool: Uint8Array | undefined

  constructor(draw: typeof drawText, perDraw: number) {
    this.#draw = draw
    this.#perDraw = perDraw
  }

  write(out: Uint8Array, at: number, count: number, random: Random): number {
    const fresh = Math.min(count, FRESH_BYTES)
    this.#draw(out, at, fresh, random)
    if (count === fresh) return at + count
    const pool = this.#pool ?? this.#fillPool()
    const end = at + count
    let from = random.int(POOL_BYTES)
    for (let to = at + fresh; to < end; from = 0) {
      const width = Math.min(POOL_BYTES - from, end - to)
      out.set(pool.subarray(from, from + width), to)
      to += width
    }
    return end
  }

  /** Takes from `random` what `write` takes. */
  skip(count: number, random: Random): void {
    for (let done = 0; done < Math.min(count, FRESH_BYTES); done += this.#perDraw) random.bits()
    if (count > FRESH_BYTES) random.int(POOL_BYTES)
  }

  #fillPool(): Uint8Array {
    const pool = new Uint8Array(POOL_BYTES)
    this.#draw(pool, 0, POOL_BYTES, createRandom(0))
    this.#pool = pool
    return pool
  }
}

/** Random characters of [A-Za-z0-9]. */
export const textNoise = new Noise(drawText, CHARACTERS_PER_DRAW)
/** Random bytes. */
export const binaryNoise = new Noise(drawBinary, 4)
