/**
 * A binary min-heap of node numbers ordered by due time, then by number, so that simultaneous events have one order.
 * It knows where each node stands, so that one can be taken out of the middle.
 */
export class DueOrder {
  /** Due time of every node, shared with the wheel that owns it. */
  dueMs: Float64Array
  #nodes: Int32Array = new Int32Array(64)
  #placeOf: Int32Array
  #size = 0

  constructor(dueMs: Float64Array) {
    this.dueMs = dueMs
    this.#placeOf = new Int32Array(dueMs.length)
  }

  get size(): number {
    return this.#size
  }

  /** The first node; -1 when there is none. */
  get first(): number {
    return this.#size === 0 ? -1 : (this.#nodes[0] as number)
  }

  /** Takes over the longer array after the wheel has grown. */
  grow(dueMs: Float64Array): void {
    const placeOf = new Int32Array(dueMs.length)
    placeOf.set(this.#placeOf)
    this.#placeOf = placeOf
    this.dueMs = dueMs
  }

  push(node: number): void {
    if (this.#size === this.#nodes.length) {
      const nodes = new Int32Array(this.#size * 2)
      nodes.set(this.#nodes)
      this.#nodes = nodes
    }
    this.#rise(this.#size++, node)
  }

  /** Takes out a node that is known to be in here. */
  remove(node: number): void {
    const place = this.#placeOf[node] as number
    const last = this.#nodes[--this.#size] as number
    if (last === node) return
    if (this.#isBefore(last, node)) this.#rise(place, last)
    else this.#sink(place, last)
  }

  // Typed arrays hold a number at every index below their length, which the compiler cannot know.
  #isBefore(a: number, b: number): boolean {
    const dueA = this.dueMs[a] as number
    const dueB = this.dueMs[b] as number
    return dueA === dueB ? a < b : dueA < dueB
  }

  #rise(from: number, node: number): void {
    let place = from
    while (place > 0) {
      const parent = (place - 1) >> 1
      const above = this.#nodes[parent] as number
      if (!this.#isBefore(node, above)) break
      this.#put(place, above)
      place = parent
    }
    this.#put(place, node)
  }

  #sink(from: number, node: number): void {
    let place = from
    for (;;) {
      let child = 2 * place + 1
      if (child >= this.#size) break
      const right = child + 1
      if (right < this.#size && this.#isBefore(this.#nodes[right] as number, this.#nodes[child] as number))
        child = right
      const below = this.#nodes[child] as number
      if (!this.#isBefore(below, node)) break
      this.#put(place, below)
      place = child
    }
    this.#put(place, node)
  }

  #put(place: number, node: number): void {
    this.#nodes[place] = node
    this.#placeOf[node] = place
  }
}
