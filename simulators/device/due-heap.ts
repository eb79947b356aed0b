/** A binary min-heap of (due time, task number) in typed arrays: no object per entry, no timer per device. */
export class DueHeap {
  #due: Float64Array
  #task: Int32Array
  #size = 0

  constructor(capacity = 1_024) {
    this.#due = new Float64Array(capacity)
    this.#task = new Int32Array(capacity)
  }

  get size(): number {
    return this.#size
  }

  /** Due time of the first entry; Infinity when empty. */
  get nextDue(): number {
    return this.#size === 0 ? Number.POSITIVE_INFINITY : (this.#due[0] as number)
  }

  push(due: number, task: number): void {
    if (this.#size === this.#due.length) this.#grow()
    const dues = this.#due
    const tasks = this.#task
    let at = this.#size++
    while (at > 0) {
      const parent = (at - 1) >> 1
      // Typed arrays hold a number at every index below their length, which the compiler cannot know.
      const parentDue = dues[parent] as number
      if (parentDue <= due) break
      dues[at] = parentDue
      tasks[at] = tasks[parent] as number
      at = parent
    }
    dues[at] = due
    tasks[at] = task
  }

  /** Takes the first entry out and returns its task number; -1 when empty. */
  pop(): number {
    if (this.#size === 0) return -1
    const dues = this.#due
    const tasks = this.#task
    const first = tasks[0] as number
    const size = --this.#size
    const due = dues[size] as number
    const task = tasks[size] as number
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= size) break
      if (child + 1 < size && (dues[child + 1] as number) < (dues[child] as number)) child += 1
      const childDue = dues[child] as number
      if (childDue >= due) break
      dues[at] = childDue
      tasks[at] = tasks[child] as number
      at = child
    }
    dues[at] = due
    tasks[at] = task
    return first
  }

  #grow(): void {
    const due = new Float64Array(this.#due.length * 2)
    const task = new Int32Array(due.length)
    due.set(this.#due)
    task.set(this.#task)
    this.#due = due
    this.#task = task
  }
}
