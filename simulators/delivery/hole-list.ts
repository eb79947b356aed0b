/** Numbers per hole: from, to, arrival index and time of the arrival that opened it, time of the one before it. */
const STRIDE = 5
const FROM = 0
const TO = 1
const OPENED_INDEX = 2
const OPENED_MS = 3
const SINCE_MS = 4
const FIRST_CAPACITY = 2
const SMALL_CELLS = 64 * STRIDE

/** What the arrival that opened a hole looked like. */
export interface HoleView {
  from: number
  to: number
  openedIndex: number
  openedMs: number
  sinceMs: number
}

/**
 * Ranges of sequence numbers not seen yet, sorted, in one flat array of numbers:
 * tens of thousands of streams may have a few each, and none may cost an object.
 */
export class HoleList {
  count = 0
  private cells = new Float64Array(FIRST_CAPACITY * STRIDE)

  /** Adds a range above all others. */
  append(from: number, to: number, openedIndex: number, openedMs: number, sinceMs: number): void {
    this.write(this.makeRoom(this.count), from, to, openedIndex, openedMs, sinceMs)
  }

  /** Index of the hole that holds `seq`, or -1. */
  find(seq: number): number {
    let low = 0
    let high = this.count - 1
    while (low <= high) {
      const middle = (low + high) >>> 1
      const at = middle * STRIDE
      if (seq < this.cell(at + FROM)) high = middle - 1
      else if (seq > this.cell(at + TO)) low = middle + 1
      else return middle
    }
    return -1
  }

  openedIndex(index: number): number {
    return this.cell(index * STRIDE + OPENED_INDEX)
  }

  openedMs(index: number): number {
    return this.cell(index * STRIDE + OPENED_MS)
  }

  /** Takes `seq` out of hole `index`. Both halves of a split keep the arrival that opened them: RFC 4737's j is the same. */
  fill(index: number, seq: number): void {
    const at = index * STRIDE
    const from = this.cell(at + FROM)
    const to = this.cell(at + TO)
    if (from === to) this.removeFrom(index, 1)
    else if (seq === from) this.cells[at + FROM] = seq + 1
    else if (seq === to) this.cells[at + TO] = seq - 1
    else {
      const { openedIndex, openedMs, sinceMs } = this.view(index)
      this.cells[at + TO] = seq - 1
      this.write(this.makeRoom(index + 1), seq + 1, to, openedIndex, openedMs, sinceMs)
    }
  }

  /** Forgets the lowest holes until `keep` remain; returns the number below which nothing is known any more. */
  forgetLowest(keep: number): number {
    const dropped = this.count - keep
    const below = this.cell((dropped - 1) * STRIDE + TO) + 1
    this.removeFrom(0, dropped)
    return below
  }

  view(index: number): HoleView {
    const at = index * STRIDE
    return {
      from: this.cell(at + FROM),
      to: this.cell(at + TO),
      openedIndex: this.cell(at + OPENED_INDEX),
      openedMs: this.cell(at + OPENED_MS),
      sinceMs: this.cell(at + SINCE_MS),
    }
  }

  private cell(at: number): number {
    return this.cells[at] ?? 0
  }

  private write(
    at: number,
    from: number,
    to: number,
    openedIndex: number,
    openedMs: number,
    sinceMs: number,
  ): void {
    this.cells[at + FROM] = from
    this.cells[at + TO] = to
    this.cells[at + OPENED_INDEX] = openedIndex
    this.cells[at + OPENED_MS] = openedMs
    this.cells[at + SINCE_MS] = sinceMs
  }

  /** Opens a gap for one hole at `index` and returns its first cell. */
  private makeRoom(index: number): number {
    const used = this.count * STRIDE
    if (used === this.cells.length) {
      const grown = new Float64Array(used * 2)
      grown.set(this.cells)
      this.cells = grown
    }
    const at = index * STRIDE
    if (at < used) this.cells.copyWithin(at + STRIDE, at, used)
    this.count++
    return at
  }

  private removeFrom(index: number, holes: number): void {
    this.cells.copyWithin(index * STRIDE, (index + holes) * STRIDE, this.count * STRIDE)
    this.count -= holes
    // A stream that once had thousands of holes must not hold their memory for the rest of the run.
    if (this.count * STRIDE * 4 < this.cells.length && this.cells.length > SMALL_CELLS)
      this.cells = this.cells.slice(0, this.cells.length / 2)
  }
}
