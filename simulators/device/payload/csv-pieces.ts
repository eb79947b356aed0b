import type { DeviceFacts } from '../../profile/template.ts'
import { type Encode, fixedText, type Piece, PieceList, partsOf, plain } from './pieces.ts'

/** A cell that holds one of these stands in quotes (RFC 4180 section 2). */
const SPECIAL = /[",\r\n]/

const quoted: Encode = (text) => text.replaceAll('"', '""')

/** Pieces of one row for one device: whether a cell needs quotes depends on what the device puts in it. */
export function csvPieces(cells: readonly string[], facts: DeviceFacts): PieceList {
  const row = new PieceList()
  cells.forEach((cell, index) => {
    if (index > 0) row.text(',')
    const parts = partsOf(cell)
    const choices = parts.flatMap((part) =>
      part.kind === 'variable' && part.name === 'pick' ? part.args : [],
    )
    const probe = new PieceList()
    probe.template(parts, plain)
    const fixed = (piece: Piece) => fixedText(piece, facts) ?? ''
    const needsQuotes = [...probe.pieces.map(fixed), ...choices].some((text) => SPECIAL.test(text))
    if (needsQuotes) row.text('"')
    row.template(parts, needsQuotes ? quoted : plain)
    if (needsQuotes) row.text('"')
  })
  return row
}
