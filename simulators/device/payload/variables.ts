import type { Random } from '../../plan/random.ts'
import type { MessageVariable } from '../../profile/template.ts'
import type { Moment } from '../ports.ts'
import { copyBytes } from './bytes.ts'
import { textNoise } from './noise.ts'
import { decimalsFor, MAX_INTEGER_BYTES, MAX_NUMBER_BYTES, writeFixed, writeInteger } from './numbers.ts'
import { ISO_BYTES, type WallClock, wallTimeMs, writeIso } from './wall-time.ts'

/** What the generators of one device remember from message to message. */
export interface Values {
  readonly random: Random
  /** Where each random walk stands. */
  readonly walks: number[]
  /** Wall time of the start of the run, ms since 1970; filled in once it is known. */
  readonly wallClock: WallClock
}

/** Fresh values for templates whose walks start there. */
export function createValues(random: Random, walkStarts: readonly number[], wallClock: WallClock): Values {
  return { random, walks: [...walkStarts], wallClock }
}

/** One variable in one place of a template; it holds no state, so all devices share it. */
export interface Variable {
  readonly maxBytes: number
  write(out: Buffer, at: number, values: Values, moment: Moment): number
  /** Advances the state as `write` does. */
  skip(values: Values): void
}

const seq: Variable = {
  maxBytes: MAX_INTEGER_BYTES,
  write: (out, at, _values, moment) => writeInteger(out, at, moment.seq),
  skip: () => {},
}

const now: Variable = {
  maxBytes: MAX_INTEGER_BYTES,
  write: (out, at, values, moment) => writeInteger(out, at, wallTimeMs(values.wallClock, moment)),
  skip: () => {},
}

const iso: Variable = {
  maxBytes: ISO_BYTES,
  write: (out, at, values, moment) => writeIso(out, at, wallTimeMs(values.wallClock, moment)),
  skip: () => {},
}

/** A drawn number with fixed decimals. */
class NumberVariable implements Variable {
  readonly maxBytes = MAX_NUMBER_BYTES
  readonly #decimals: number
  readonly #draw: (values: Values) => number

  constructor(decimals: number, draw: (values: Values) => number) {
    this.#decimals = decimals
    this.#draw = draw
  }

  write(out: Buffer, at: number, values: Values): number {
    return writeFixed(out, at, this.#draw(values), this.#decimals)
  }

  skip(values: Values): void {
    this.#draw(values)
  }
}

class PickVariable implements Variable {
  readonly maxBytes: number
  readonly #choices: readonly Buffer[]

  constructor(choices: readonly string[]) {
    this.#choices = choices.map((choice) => Buffer.from(choice, 'utf8'))
    this.maxBytes = Math.max(...this.#choices.map((choice) => choice.length))
  }

  write(out: Buffer, at: number, values: Values): number {
    const choice = this.#choices[values.random.int(this.#choices.length)]
    return choice ? copyBytes(out, at, choice) : at
  }

  skip(values: Values): void {
    values.random.int(this.#choices.length)
  }
}

class BytesVariable implements Variable {
  readonly maxBytes: number

  constructor(count: number) {
    this.maxBytes = count
  }

  write(out: Buffer, at: number, values: Values): number {
    return textNoise.write(out, at, this.maxBytes, values.random)
  }

  skip(values: Values): void {
    textNoise.skip(this.maxBytes, values.random)
  }
}

/**
 * Makes the variable of one place. `walkStarts` collects where the walks of a template begin;
 * `encode` turns the texts of {{pick}} into what may stand in that place.
 */
export function createVariable(
  name: MessageVariable,
  args: readonly string[],
  walkStarts: number[],
  encode: (text: string) => string,
): Variable {
  switch (name) {
    case 'seq':
      return seq
    case 'now':
      return now
    case 'iso':
      return iso
    case 'pick':
      return new PickVariable(args.map(encode))
    case 'bytes':
      return new BytesVariable(Number(args[0]))
    default:
      return createNumber(name, args, walkStarts)
  }
}

function createNumber(
  name: 'uniform' | 'normal' | 'walk',
  args: readonly string[],
  walkStarts: number[],
): Variable {
  const first = Number(args[0])
  const second = Number(args[1])
  const decimals = args[2] === undefined ? Math.min(15, decimalsFor([first, second])) : Number(args[2])
  if (name === 'uniform') return new NumberVariable(decimals, ({ random }) => random.uniform(first, second))
  if (name === 'normal') return new NumberVariable(decimals, ({ random }) => random.normal(first, second))
  const slot = walkStarts.push(first) - 1
  return new NumberVariable(decimals, ({ random, walks }) => {
    const value = walks[slot] ?? first
    walks[slot] = value + random.uniform(-second, second)
    return value
  })
}
