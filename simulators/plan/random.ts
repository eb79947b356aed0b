/** What a stream of random numbers is for; one purpose never disturbs another. */
export const PURPOSE = {
  schedule: 1,
  qos: 2,
  payload: 3,
  reconnect: 4,
  link: 5,
  fault: 6,
} as const

const TWO_TO_26 = 67_108_864
const TWO_TO_53 = 9_007_199_254_740_992

/** The finaliser of MurmurHash3: every input bit reaches every output bit. */
function mix(word: number): number {
  let hash = word | 0
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) | 0
}

/**
 * A stream of random numbers: sfc32 by Chris Doty-Humphrey, which passes PractRand and BigCrush.
 * Its words stay signed, because V8 keeps signed 32-bit integers in the object itself.
 */
export class Random {
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(a: number, b: number, c: number) {
    this.#a = a | 0
    this.#b = b | 0
    this.#c = c | 0
    // Twelve rounds are what its author asks for after seeding.
    for (let round = 0; round < 12; round += 1) this.bits()
  }

  /** 32 random bits as an unsigned integer. */
  bits(): number {
    const result = (this.#a + this.#b + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + result) | 0
    return result >>> 0
  }

  /** Evenly from [0, 1), with all 53 bits that a double can hold there. */
  next(): number {
    const high = this.bits() >>> 5
    const low = this.bits() >>> 6
    return (high * TWO_TO_26 + low) / TWO_TO_53
  }

  /** Evenly one of 0 .. n-1. */
  int(n: number): number {
    return Math.floor(this.next() * n)
  }

  /** Evenly from [from, to). */
  uniform(from: number, to: number): number {
    return from + this.next() * (to - from)
  }

  /** Normally distributed (Box-Muller; always two draws, so that later numbers do not depend on a spare). */
  normal(mean: number, deviation: number): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()))
    return mean + deviation * radius * Math.cos(2 * Math.PI * this.next())
  }

  /** Exponentially distributed, as the gaps of a Poisson process are. */
  exponential(mean: number): number {
    return -mean * Math.log(1 - this.next())
  }
}

/**
 * The stream that belongs to a seed and to what it is for (fleet, device, entry, purpose).
 * 96 bits of hash, so that streams do not meet: with 32, ten thousand devices with ten streams each would.
 */
export function createRandom(seed: number, ...parts: number[]): Random {
  let a = mix(seed ^ 0x9e3779b9)
  let b = mix(seed ^ 0x243f6a88)
  let c = mix(seed ^ 0xb7e15162)
  for (const part of parts) {
    const low = part | 0
    const high = Math.floor(part / 4_294_967_296) | 0
    a = mix(Math.imul(a, 31) ^ mix(low ^ 0x165667b1) ^ high)
    b = mix(Math.imul(b, 37) ^ mix(low ^ 0x27d4eb2f) ^ Math.imul(high, 3))
    c = mix(Math.imul(c, 41) ^ mix(low ^ 0x1b873593) ^ Math.imul(high, 5))
  }
  return new Random(a, b, c)
}
