import type { Random } from '../plan/random.ts'
import type { Air, AirUser } from './air.ts'
import { type CellChannel, CellMember, type CellUser } from './cell.ts'
import { Jitter } from './jitter.ts'
import { LossProcess } from './loss-process.ts'
import { type LaneModel, payloadPerPacket } from './model.ts'
import { PacketRing } from './packet-ring.ts'
import { Serialiser } from './serialiser.ts'
import type { Timed, Wheel } from './wheel.ts'

/** Who sends over a wire. A tag names a packet; its meaning is the user's. */
export interface WireUser {
  readonly hasPacket: boolean
  /** Takes the next packet, with `mostBytes` of payload at most; only when there is one. */
  nextPacket(mostBytes: number): number
  payloadOf(tag: number): number
  /** When a packet that is ready now may be sent. */
  readyAtMs(nowMs: number): number
  /** Whether the user sends again what is lost; other packets always come through. */
  mayLose(tag: number): boolean
  /** The packet has left the last queue; it is on its way or lost. */
  departed(tag: number, nowMs: number): void
  arrived(tag: number, nowMs: number): void
}

/** What holds for both directions of a link at a time. */
export interface Conditions {
  /** Nothing passes, in either direction. */
  readonly isDown: boolean
  readonly air: Air | undefined
  /** A packet was sent. */
  touched(nowMs: number): void
}

/** What a wire has carried. */
export interface WireTotals {
  packets: number
  lostPackets: number
  /** Overhead included. */
  wireBytes: number
  /** Time spent on serialising. */
  busyMs: number
}

const NO_PACKET = Number.NEGATIVE_INFINITY

/** The way of a packet in one direction: serialise, pass the cell, propagate, arrive. Packets never overtake each other. */
export class Wire implements Timed, AirUser, CellUser {
  readonly totals: WireTotals = { packets: 0, lostPackets: 0, wireBytes: 0, busyMs: 0 }
  readonly #wheel: Wheel
  readonly #conditions: Conditions
  readonly #user: WireUser
  readonly #channel: CellChannel | undefined
  readonly #member: CellMember | undefined
  readonly #jitter: Jitter
  readonly #losses: LossProcess
  readonly #serialiser: Serialiser
  readonly #flight = new PacketRing()
  readonly #serviceNode: number
  readonly #arrivalNode: number
  #model: LaneModel
  #serving = NO_PACKET
  #lastArrivalMs = Number.NEGATIVE_INFINITY

  constructor(
    wheel: Wheel,
    facts: { model: LaneModel; conditions: Conditions; random: Random; channel: CellChannel | undefined },
    user: WireUser,
  ) {
    this.#wheel = wheel
    this.#model = facts.model
    this.#conditions = facts.conditions
    this.#user = user
    this.#channel = facts.channel
    this.#member = facts.channel ? new CellMember(this) : undefined
    this.#jitter = new Jitter(facts.random)
    this.#losses = new LossProcess(facts.random)
    this.#serialiser = new Serialiser(facts.model.rateBitS, facts.model.burstBytes)
    this.#serviceNode = wheel.add(this)
    this.#arrivalNode = wheel.add(this)
  }

  /** Whether something of this wire has yet to happen at or before a time. */
  isBehind(nowMs: number): boolean {
    return this.#wheel.dueOf(this.#serviceNode) <= nowMs || this.#wheel.dueOf(this.#arrivalNode) <= nowMs
  }

  /** There may be something to send. */
  kick(nowMs: number): void {
    while (this.#serving === NO_PACKET && this.#user.hasPacket) {
      const readyMs = this.#user.readyAtMs(nowMs)
      if (readyMs > nowMs) {
        this.#wheel.set(this.#serviceNode, readyMs)
        return
      }
      if (this.#conditions.air?.take(this) === false) return
      this.#serve(nowMs)
    }
  }

  due(dueMs: number, node: number): void {
    if (node === this.#arrivalNode) this.#arrive(dueMs)
    else {
      if (this.#serving !== NO_PACKET) this.#depart(dueMs)
      this.kick(dueMs)
    }
  }

  airFree(nowMs: number): void {
    this.kick(nowMs)
  }

  leftCell(tag: number, nowMs: number): void {
    this.#propagate(tag, nowMs)
    this.#user.departed(tag, nowMs)
  }

  /** A new model holds at once: what is being serialised goes on at the new rate, what is on its way keeps its time. */
  change(model: LaneModel, nowMs: number): void {
    this.#model = model
    const leavesMs = this.#serialiser.change(model.rateBitS, model.burstBytes, nowMs)
    if (this.#serving !== NO_PACKET) this.#wheel.set(this.#serviceNode, leavesMs)
    this.kick(nowMs)
  }

  /** Loses what is on its way. */
  lose(): void {
    for (let left = this.#flight.size; left > 0; left -= 1) {
      const { timeMs, tag } = this.#flight
      this.#flight.shift()
      if (this.#user.mayLose(tag)) this.totals.lostPackets += 1
      else this.#flight.push(timeMs, tag, 0)
    }
    this.#wheel.set(this.#arrivalNode, this.#flight.size > 0 ? this.#flight.timeMs : Number.POSITIVE_INFINITY)
  }

  /** Takes everything back, from the serialiser to what is on its way. */
  withdraw(nowMs: number): void {
    this.#wheel.cancel(this.#serviceNode)
    this.#wheel.cancel(this.#arrivalNode)
    this.#flight.clear()
    this.#lastArrivalMs = nowMs
    if (this.#member) this.#channel?.withdraw(this.#member, nowMs)
    if (this.#serving !== NO_PACKET) {
      this.#serving = NO_PACKET
      this.#serialiser.abandon(nowMs)
    }
    this.#conditions.air?.give(this, nowMs)
  }

  /** Takes everything back and leaves the wheel for good. */
  free(nowMs: number): void {
    this.withdraw(nowMs)
    this.#wheel.remove(this.#serviceNode)
    this.#wheel.remove(this.#arrivalNode)
  }

  #serve(nowMs: number): void {
    const isLimited = this.#model.rateBitS !== Number.POSITIVE_INFINITY || this.#member !== undefined
    const mostBytes = isLimited ? payloadPerPacket(this.#model) : Number.POSITIVE_INFINITY
    this.#serving = this.#user.nextPacket(mostBytes)
    const leavesMs = this.#serialiser.begin(this.#wireBytesOf(this.#serving), nowMs)
    if (leavesMs > nowMs) {
      this.totals.busyMs += leavesMs === Number.POSITIVE_INFINITY ? 0 : leavesMs - nowMs
      this.#wheel.set(this.#serviceNode, leavesMs)
    } else this.#depart(nowMs)
  }

  #depart(nowMs: number): void {
    const tag = this.#serving
    this.#serving = NO_PACKET
    const wireBytes = this.#wireBytesOf(tag)
    this.totals.packets += 1
    this.totals.wireBytes += wireBytes
    this.#conditions.touched(nowMs)
    if (this.#member) this.#channel?.enter(this.#member, tag, wireBytes, nowMs)
    else this.#propagate(tag, nowMs)
    // Only now that everything is in its place: whoever hears of it may send again.
    this.#conditions.air?.give(this, nowMs)
    if (!this.#member) this.#user.departed(tag, nowMs)
  }

  #propagate(tag: number, nowMs: number): void {
    if (this.#isLost(nowMs) && this.#user.mayLose(tag)) {
      this.totals.lostPackets += 1
      return
    }
    const arrivalMs = Math.max(this.#lastArrivalMs, nowMs + this.#jitter.delayMs(this.#model))
    this.#lastArrivalMs = arrivalMs
    this.#flight.push(arrivalMs, tag, 0)
    if (this.#flight.size === 1) this.#wheel.set(this.#arrivalNode, arrivalMs)
  }

  #isLost(nowMs: number): boolean {
    const { loss } = this.#model
    return this.#conditions.isDown || (loss !== undefined && this.#losses.takes(loss, nowMs))
  }

  #arrive(nowMs: number): void {
    const { tag } = this.#flight
    this.#flight.shift()
    // Before the user is told, who may send, withdraw or leave.
    if (this.#flight.size > 0) this.#wheel.set(this.#arrivalNode, this.#flight.timeMs)
    this.#user.arrived(tag, nowMs)
  }

  #wireBytesOf(tag: number): number {
    return this.#user.payloadOf(tag) + this.#model.overheadBytes
  }
}
