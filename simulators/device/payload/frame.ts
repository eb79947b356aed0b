import type { DeviceFacts } from '../../profile/template.ts'
import type { Moment } from '../ports.ts'
import { copyBytes } from './bytes.ts'
import { fixedText, type Piece, type PieceList } from './pieces.ts'
import type { Values, Variable } from './variables.ts'

const NOTHING = Buffer.alloc(0)

/**
 * Pieces bound to one device: bytes that never change, with the variables of the message in the gaps between them.
 * It holds no state, so that devices with the same bytes share one.
 */
export class Frame {
  /** No rendering is longer. */
  readonly maxBytes: number
  /** One more than there are variables. */
  readonly #fixed: readonly Uint8Array[]
  readonly #variables: readonly Variable[]

  constructor(fixed: readonly Uint8Array[], variables: readonly Variable[]) {
    this.#fixed = fixed
    this.#variables = variables
    this.maxBytes =
      fixed.reduce((sum, bytes) => sum + bytes.length, 0) +
      variables.reduce((sum, variable) => sum + variable.maxBytes, 0)
  }

  /** The bytes of every rendering, when there are no variables. */
  get constant(): Uint8Array | undefined {
    return this.#variables.length === 0 ? (this.#fixed[0] ?? NOTHING) : undefined
  }

  write(out: Buffer, at: number, values: Values, moment: Moment): number {
    const fixed = this.#fixed
    const variables = this.#variables
    let to = copyBytes(out, at, fixed[0] ?? NOTHING)
    for (let index = 0; index < variables.length; index++) {
      const variable = variables[index]
      if (variable) to = variable.write(out, to, values, moment)
      to = copyBytes(out, to, fixed[index + 1] ?? NOTHING)
    }
    return to
  }

  skip(values: Values): void {
    for (const variable of this.#variables) variable.skip(values)
  }
}

/** Binds pieces to devices; what does not depend on the device is encoded once for all of them. */
export class FramePattern {
  readonly walkStarts: readonly number[]
  /** The pieces between the variables. */
  readonly #runs: readonly Piece[][]
  readonly #variables: readonly Variable[]
  /** Bytes between the variables, undefined where they depend on the device. */
  readonly #fixed: (Uint8Array | undefined)[]
  readonly #shared: Frame | undefined

  constructor(list: PieceList) {
    this.#runs = runsOf(list)
    this.walkStarts = list.walkStarts
    this.#variables = list.pieces.flatMap((piece) => (piece.kind === 'variable' ? [piece.variable] : []))
    this.#fixed = this.#runs.map((run) =>
      run.some((piece) => piece.kind === 'device')
        ? undefined
        : Buffer.from(run.map((piece) => (piece.kind === 'text' ? piece.text : '')).join(''), 'utf8'),
    )
    const shared = this.#fixed.filter((bytes) => bytes !== undefined)
    if (shared.length === this.#fixed.length) this.#shared = new Frame(shared, this.#variables)
  }

  bind(facts: DeviceFacts): Frame {
    if (this.#shared) return this.#shared
    const textOf = (piece: Piece) => fixedText(piece, facts) ?? ''
    const fixed = this.#runs.map(
      (run, index) => this.#fixed[index] ?? Buffer.from(run.map(textOf).join(''), 'utf8'),
    )
    return new Frame(fixed, this.#variables)
  }
}

function runsOf(list: PieceList): Piece[][] {
  const runs: Piece[][] = [[]]
  for (const piece of list.pieces) {
    if (piece.kind === 'variable') runs.push([])
    else runs.at(-1)?.push(piece)
  }
  return runs
}
