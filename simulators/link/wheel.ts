// Long because it is one data structure: near slots, far slots and the order within a tick.
import { DueOrder } from './due-order.ts'
import { Lateness } from './lateness.ts'
import { SlotBits } from './slot-bits.ts'

/** Something that the wheel calls when its time has come. */
export interface Timed {
  /** `dueMs` is the time that was asked for, however late the call is; all reckoning goes by it. */
  due(dueMs: number, node: number): void
}

const TICK_MS = 0.5
const NEAR_BITS = 12
/** Slots of one tick each: about two seconds ahead. */
const NEAR = 1 << NEAR_BITS
/** Slots as long as all the near ones: about 35 minutes ahead. What is later waits in the last and is dealt out again. */
const FAR = 1_024
const IDLE = -1
const ORDERED = -2
const END = -1

/**
 * One timing wheel for all links of a shard: setting a time and reaching it are O(1) and allocate nothing.
 * Events happen in the exact order of their due times, each at its own time, so what links do does not depend on how
 * often and how late `advance` is called.
 */
export class Wheel {
  readonly lateness = new Lateness()
  readonly #originMs: number
  readonly #heads = new Int32Array(NEAR + FAR).fill(END)
  readonly #nearBits = new SlotBits(NEAR)
  readonly #farBits = new SlotBits(FAR)
  readonly #order: DueOrder
  readonly #owners: (Timed | undefined)[] = []
  #dueMs = new Float64Array(256)
  #next = new Int32Array(256)
  #previous = new Int32Array(256)
  #slotOf = new Int32Array(256)
  #freeNode = END
  /** Ticks up to this one are in `#order`. */
  #cursor = -1
  /** The near slots stand for the ticks of this epoch. */
  #epoch = 0
  #nowMs: number
  #nextMs = Number.POSITIVE_INFINITY
  #isAdvancing = false

  constructor(originMs = 0) {
    this.#originMs = originMs
    this.#nowMs = originMs
    this.#order = new DueOrder(this.#dueMs)
  }

  /** Time of the event that is being handled; between calls of `advance`, the time it was last called with. */
  get nowMs(): number {
    return this.#nowMs
  }

  get isAdvancing(): boolean {
    return this.#isAdvancing
  }

  /** Nothing is due before this; Infinity when nothing is due at all. */
  get nextDueMs(): number {
    return this.#nextMs
  }

  /** A node for `owner`, idle at first. */
  add(owner: Timed): number {
    let node = this.#freeNode
    if (node === END) node = this.#owners.length
    else this.#freeNode = this.#next[node] as number
    if (node >= this.#dueMs.length) this.#grow()
    this.#owners[node] = owner
    this.#slotOf[node] = IDLE
    this.#dueMs[node] = Number.POSITIVE_INFINITY
    return node
  }

  /** Gives a node back. */
  remove(node: number): void {
    this.cancel(node)
    this.#owners[node] = undefined
    this.#next[node] = this.#freeNode
    this.#freeNode = node
  }

  /** When a node is due; Infinity while it is idle. */
  dueOf(node: number): number {
    return this.#dueMs[node] as number
  }

  /** Sets when a node is due, in place of any earlier setting; a time that is past means at once. */
  set(node: number, dueMs: number): void {
    this.cancel(node)
    if (dueMs === Number.POSITIVE_INFINITY) return
    const due = Math.max(dueMs, this.#nowMs)
    this.#dueMs[node] = due
    this.#insert(node, due)
    if (due < this.#nextMs) this.#nextMs = due
  }

  cancel(node: number): void {
    const slot = this.#slotOf[node] as number
    if (slot === IDLE) return
    if (slot === ORDERED) this.#order.remove(node)
    else this.#unlink(node, slot)
    this.#slotOf[node] = IDLE
    this.#dueMs[node] = Number.POSITIVE_INFINITY
  }

  /** Handles everything that is due up to `nowMs`; returns when to call again at the latest. */
  advance(nowMs: number): number {
    if (this.#isAdvancing) return this.#nextMs
    this.#isAdvancing = true
    try {
      for (;;) {
        this.#fire(nowMs)
        const tick = this.#nextTick()
        if (this.#timeOf(tick) > nowMs) break
        this.#moveTo(tick)
      }
    } finally {
      this.#isAdvancing = false
    }
    if (nowMs > this.#nowMs) this.#nowMs = nowMs
    const epoch = Math.floor(this.#tickOf(this.#nowMs) / NEAR)
    if (epoch > this.#epoch) this.#enter(epoch)
    this.#nextMs = this.#soonest()
    return this.#nextMs
  }

  #fire(nowMs: number): void {
    for (let node = this.#order.first; node !== END; node = this.#order.first) {
      const dueMs = this.#dueMs[node] as number
      if (dueMs > nowMs) return
      this.#order.remove(node)
      this.#slotOf[node] = IDLE
      this.#dueMs[node] = Number.POSITIVE_INFINITY
      this.#nowMs = dueMs
      this.lateness.add(nowMs - dueMs)
      this.#owners[node]?.due(dueMs, node)
    }
  }

  #insert(node: number, dueMs: number): void {
    const tick = this.#tickOf(dueMs)
    if (tick <= this.#cursor) {
      this.#slotOf[node] = ORDERED
      this.#order.push(node)
      return
    }
    const ahead = Math.floor(tick / NEAR) - this.#epoch
    if (ahead === 0) this.#link(node, tick % NEAR)
    else this.#link(node, NEAR + ((this.#epoch + Math.min(ahead, FAR - 1)) % FAR))
  }

  #link(node: number, slot: number): void {
    const head = this.#heads[slot] as number
    this.#next[node] = head
    this.#previous[node] = END
    this.#slotOf[node] = slot
    if (head !== END) this.#previous[head] = node
    else if (slot < NEAR) this.#nearBits.set(slot)
    else this.#farBits.set(slot - NEAR)
    this.#heads[slot] = node
  }

  #unlink(node: number, slot: number): void {
    const next = this.#next[node] as number
    const previous = this.#previous[node] as number
    if (next !== END) this.#previous[next] = previous
    if (previous !== END) this.#next[previous] = next
    else {
      this.#heads[slot] = next
      if (next === END) this.#vacate(slot)
    }
  }

  #vacate(slot: number): void {
    this.#heads[slot] = END
    if (slot < NEAR) this.#nearBits.clear(slot)
    else this.#farBits.clear(slot - NEAR)
  }

  /** The next tick at which there is something to do. */
  #nextTick(): number {
    const near = this.#nearBits.next(this.#cursor - this.#epoch * NEAR + 1)
    if (near >= 0) return this.#epoch * NEAR + near
    const here = this.#epoch % FAR
    const behind = this.#farBits.next(here + 1)
    if (behind >= 0) return (this.#epoch + behind - here) * NEAR
    const wrapped = this.#farBits.next(0)
    return wrapped < 0 ? Number.POSITIVE_INFINITY : (this.#epoch + wrapped - here + FAR) * NEAR
  }

  #moveTo(tick: number): void {
    const epoch = Math.floor(tick / NEAR)
    if (epoch > this.#epoch) {
      this.#enter(epoch)
      this.#spill(NEAR + (epoch % FAR))
    } else {
      this.#cursor = tick
      this.#spill(tick % NEAR)
    }
  }

  #enter(epoch: number): void {
    this.#epoch = epoch
    this.#cursor = epoch * NEAR - 1
  }

  /** Deals the nodes of a slot out again, now that the cursor has moved. */
  #spill(slot: number): void {
    let node = this.#heads[slot] as number
    this.#vacate(slot)
    while (node !== END) {
      const next = this.#next[node] as number
      this.#insert(node, this.#dueMs[node] as number)
      node = next
    }
  }

  #soonest(): number {
    const first = this.#order.first
    if (first !== END) return this.#dueMs[first] as number
    const tick = this.#nextTick()
    if (tick === Number.POSITIVE_INFINITY || Math.floor(tick / NEAR) !== this.#epoch)
      return this.#timeOf(tick)
    let soonest = Number.POSITIVE_INFINITY
    for (let node = this.#heads[tick % NEAR] as number; node !== END; node = this.#next[node] as number)
      soonest = Math.min(soonest, this.#dueMs[node] as number)
    return soonest
  }

  #tickOf(timeMs: number): number {
    return Math.floor((timeMs - this.#originMs) / TICK_MS)
  }

  #timeOf(tick: number): number {
    return this.#originMs + tick * TICK_MS
  }

  #grow(): void {
    const length = this.#dueMs.length * 2
    const copy = (from: Int32Array) => {
      const to = new Int32Array(length)
      to.set(from)
      return to
    }
    const dueMs = new Float64Array(length)
    dueMs.set(this.#dueMs)
    this.#dueMs = dueMs
    this.#next = copy(this.#next)
    this.#previous = copy(this.#previous)
    this.#slotOf = copy(this.#slotOf)
    this.#order.grow(dueMs)
  }
}
