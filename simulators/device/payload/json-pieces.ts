import type { Part } from '../../profile/template.ts'
import { type Encode, PieceList, partsOf } from './pieces.ts'

type Json = string | number | boolean | null | Json[] | { [key: string]: Json }

/** Field of a JSON object that carries the marker. */
export const MARKER_FIELD = '_fl'

/** What stands before and behind the marker in a payload that is text. */
export interface MarkerRoom {
  before: string
  after: string
}

const NUMERIC = new Set(['seq', 'now', 'index', 'uniform', 'normal', 'walk'])

const inString: Encode = (text) => JSON.stringify(text).slice(1, -1)

function isNumber(parts: readonly Part[]): boolean {
  const [only] = parts
  return parts.length === 1 && only?.kind === 'variable' && NUMERIC.has(only.name)
}

const everyField = () => true

function addString(list: PieceList, template: string): void {
  const parts = partsOf(template)
  const quote = isNumber(parts) ? '' : '"'
  list.text(quote)
  list.template(parts, inString)
  list.text(quote)
}

function add(list: PieceList, value: Json, isField: (key: string) => boolean = everyField): void {
  if (typeof value === 'string') addString(list, value)
  else if (Array.isArray(value)) addArray(list, value)
  else if (typeof value === 'object' && value !== null) addObject(list, value, isField)
  else list.text(JSON.stringify(value))
}

function addArray(list: PieceList, items: readonly Json[]): void {
  list.text('[')
  items.forEach((item, index) => {
    if (index > 0) list.text(',')
    add(list, item)
  })
  list.text(']')
}

function addObject(
  list: PieceList,
  fields: { [key: string]: Json },
  isField: (key: string) => boolean,
): void {
  list.text('{')
  const keys = Object.keys(fields).filter(isField)
  keys.forEach((key, index) => {
    if (index > 0) list.text(',')
    list.text(`${JSON.stringify(key)}:`)
    add(list, fields[key] ?? null)
  })
  list.text('}')
}

/**
 * Pieces of a JSON template: its strings are templates, its keys are not. With a marker, the closing bracket is left to `room`:
 * the marker becomes the last field or element; a bare value can only be followed by it.
 */
export function jsonPieces(value: Json, marked: boolean): { list: PieceList; room: MarkerRoom } {
  const list = new PieceList()
  if (!marked) {
    add(list, value)
    return { list, room: { before: '', after: '' } }
  }
  add(list, value, (key) => key !== MARKER_FIELD)
  if (typeof value !== 'object' || value === null) return { list, room: { before: ' ', after: '' } }
  list.pieces.pop()
  const isArray = Array.isArray(value)
  const isEmpty = list.pieces.length === 1
  return { list, room: isArray ? arrayRoom(isEmpty) : objectRoom(isEmpty) }
}

/** Room for the marker as the last field of an object whose closing brace was taken off. */
export function objectRoom(isEmpty: boolean): MarkerRoom {
  return { before: `${isEmpty ? '' : ','}"${MARKER_FIELD}":"`, after: '"}' }
}

/** Room for the marker as the last element of an array whose closing bracket was taken off. */
export function arrayRoom(isEmpty: boolean): MarkerRoom {
  return { before: isEmpty ? '"' : ',"', after: '"]' }
}
