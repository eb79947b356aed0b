import { AppError } from '../../errors.ts'
import {
  DEVICE_VARIABLES,
  type DeviceFacts,
  type DeviceVariable,
  isMessageVariable,
  type Part,
  parseTemplate,
  renderForDevice,
  type VariableName,
} from '../../profile/template.ts'
import { createVariable, type Variable } from './variables.ts'

/** Turns a text into what may stand in its place: the inside of a JSON string, of a quoted CSV cell, or itself. */
export type Encode = (text: string) => string

/** A piece of a payload, ready for its place: finished text, a value of the device, or a value of the message. */
export type Piece =
  | { kind: 'text'; text: string }
  | { kind: 'device'; name: DeviceVariable; encode: Encode }
  | { kind: 'variable'; variable: Variable }

/** Pieces in a row, and where their random walks start. */
export class PieceList {
  readonly pieces: Piece[] = []
  readonly walkStarts: number[]

  /** Lists that are rendered with the same values share their walk starts. */
  constructor(walkStarts: number[] = []) {
    this.walkStarts = walkStarts
  }

  /** Adds text as it stands. */
  text(text: string): void {
    this.pieces.push({ kind: 'text', text })
  }

  /** Adds what a template renders, encoded for its place. */
  template(parts: readonly Part[], encode: Encode): void {
    for (const part of parts) {
      if (part.kind === 'literal') this.text(encode(part.text))
      else if (isMessageVariable(part.name)) {
        const variable = createVariable(part.name, part.args, this.walkStarts, encode)
        this.pieces.push({ kind: 'variable', variable })
      } else if (isDeviceVariable(part.name)) {
        this.pieces.push({ kind: 'device', name: part.name, encode })
      }
    }
  }
}

function isDeviceVariable(name: VariableName): name is DeviceVariable {
  return DEVICE_VARIABLES.some((known) => known === name)
}

/** The parts of a template that the check of the profile has let through. */
export function partsOf(template: string): readonly Part[] {
  const parsed = parseTemplate(template)
  if (parsed.ok) return parsed.parts
  throw new AppError({ code: 'PROFILE_INVALID', message: `${JSON.stringify(template)}: ${parsed.message}` })
}

/** Text that needs no encoding. */
export const plain: Encode = (text) => text

/** Pieces of one template whose text stands as it is. */
export function plainPieces(template: string, walkStarts: number[] = []): PieceList {
  const list = new PieceList(walkStarts)
  list.template(partsOf(template), plain)
  return list
}

/** Text of a piece that one device never changes; undefined for a value of the message. */
export function fixedText(piece: Piece, facts: DeviceFacts): string | undefined {
  if (piece.kind === 'variable') return undefined
  if (piece.kind === 'text') return piece.text
  return piece.encode(renderForDevice([{ kind: 'variable', name: piece.name, args: [] }], facts))
}
