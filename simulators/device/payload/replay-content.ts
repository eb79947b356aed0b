import type { Moment } from '../ports.ts'
import { copyBytes } from './bytes.ts'
import type { Content, ContentPattern } from './content.ts'
import { arrayRoom, type MarkerRoom, objectRoom } from './json-pieces.ts'
import type { ReplaySettings } from './replay.ts'
import type { ReplayRows, RowKind } from './replay-rows.ts'

/** How the marker is put into a row: `cut` bytes of its end give way to `before`, the marker and `after`. */
interface Seam {
  cut: number
  before: Uint8Array
  after: Uint8Array
}

const NOTHING = Buffer.alloc(0)
const WHOLE: Seam = { cut: 0, before: NOTHING, after: NOTHING }
const LONGEST_SEAM = 16

function seam({ before, after }: MarkerRoom, cut: number): Seam {
  return { cut, before: Buffer.from(before), after: Buffer.from(after) }
}

const SEAMS: Record<RowKind, Seam> = {
  object: seam(objectRoom(false), 1),
  'empty-object': seam(objectRoom(true), 1),
  array: seam(arrayRoom(false), 1),
  'empty-array': seam(arrayRoom(true), 1),
  csv: seam({ before: ',', after: '' }, 0),
  text: seam({ before: ' ', after: '' }, 0),
}

class ReplayContent implements Content {
  readonly maxBytes: number
  exhausted = false
  markerAt = 0
  readonly #rows: ReplayRows
  readonly #marked: boolean
  readonly #loop: boolean
  #next: number

  constructor(rows: ReplayRows, marked: boolean, loop: boolean, first: number) {
    this.#rows = rows
    this.#marked = marked
    this.#loop = loop
    this.#next = first
    this.maxBytes = rows.longest + (marked ? LONGEST_SEAM : 0)
  }

  write(out: Buffer, at: number, _moment: Moment, room: number): number {
    const { bytes, starts, kinds } = this.#rows
    const row = this.#next
    const { cut, before, after } = this.#marked ? SEAMS[kinds[row] ?? 'text'] : WHOLE
    let to = copyBytes(out, at, bytes.subarray(starts[row], (starts[row + 1] ?? 0) - cut))
    to = copyBytes(out, to, before)
    this.markerAt = to
    this.skip()
    return copyBytes(out, to + room, after)
  }

  skip(): void {
    if (this.#next + 1 < this.#rows.count) this.#next++
    else if (this.#loop) this.#next = 0
    else this.exhausted = true
  }
}

/** Row after row of a file. */
export function replayContent(settings: ReplaySettings, rows: ReplayRows, marked: boolean): ContentPattern {
  return {
    marker: 'token',
    bind: ({ facts }) => {
      const first = settings.from === 'device' ? facts.index % rows.count : 0
      return new ReplayContent(rows, marked, settings.loop, first)
    },
  }
}
