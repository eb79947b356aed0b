import { PacketRing } from './packet-ring.ts'
import { Serialiser } from './serialiser.ts'
import type { Timed, Wheel } from './wheel.ts'

/** What each active lane may send per round: one full Ethernet frame (Shreedhar and Varghese, "DRR", 1995). */
const QUANTUM_BYTES = 1_514

/** A lane that sends through a cell. */
export interface CellUser {
  /** The packet has left the cell. */
  leftCell(tag: number, nowMs: number): void
}

/** What a cell keeps for one lane. */
export class CellMember {
  readonly user: CellUser
  /** Packets: tag and bytes on the wire. */
  readonly packets = new PacketRing()
  deficitBytes = 0
  isActive = false
  isBeingVisited = false

  constructor(user: CellUser) {
    this.user = user
  }
}

/** A cell has a channel for each direction. */
export interface CellModel {
  readonly upBitS: number
  readonly downBitS: number
}

/**
 * One direction of a cell: a bottleneck that several lanes share, fair among those that have something to send (deficit
 * round robin). A packet enters when it has left its own lane; reserving room any earlier would make the others wait for
 * a packet that is not there yet.
 */
export class CellChannel implements Timed {
  readonly #wheel: Wheel
  readonly #node: number
  readonly #serialiser: Serialiser
  readonly #active: CellMember[] = []
  #serving: CellMember | undefined
  #carriedBytes = 0

  constructor(wheel: Wheel, rateBitS: number) {
    this.#wheel = wheel
    this.#node = wheel.add(this)
    this.#serialiser = new Serialiser(rateBitS, 0)
  }

  /** Lanes that have something to send: by them a cell is divided among shards. */
  get activeLanes(): number {
    return this.#active.length
  }

  /** Bytes on the wire that have passed. */
  get carriedBytes(): number {
    return this.#carriedBytes
  }

  setRate(rateBitS: number, nowMs: number): void {
    const leavesMs = this.#serialiser.change(rateBitS, 0, nowMs)
    if (this.#serving) this.#wheel.set(this.#node, leavesMs)
  }

  enter(member: CellMember, tag: number, wireBytes: number, nowMs: number): void {
    member.packets.push(nowMs, tag, wireBytes)
    if (!member.isActive) {
      member.isActive = true
      this.#active.push(member)
    }
    this.#serve(nowMs)
  }

  /** Takes back everything that a lane has in the cell. */
  withdraw(member: CellMember, nowMs: number): void {
    member.packets.clear()
    this.#retire(member)
    if (this.#serving !== member) return
    this.#serving = undefined
    this.#wheel.cancel(this.#node)
    this.#serialiser.abandon(nowMs)
    this.#serve(nowMs)
  }

  due(nowMs: number): void {
    const member = this.#serving
    if (!member) return
    this.#serving = undefined
    const { tag, extra } = member.packets
    member.packets.shift()
    this.#carriedBytes += extra
    if (member.packets.size === 0) this.#retire(member)
    member.user.leftCell(tag, nowMs)
    this.#serve(nowMs)
  }

  #serve(nowMs: number): void {
    if (this.#serving) return
    for (let member = this.#active[0]; member; member = this.#active[0]) {
      if (!member.isBeingVisited) {
        member.isBeingVisited = true
        member.deficitBytes += QUANTUM_BYTES
      }
      const bytes = member.packets.extra
      if (bytes <= member.deficitBytes) {
        member.deficitBytes -= bytes
        this.#serving = member
        this.#wheel.set(this.#node, this.#serialiser.begin(bytes, nowMs))
        return
      }
      member.isBeingVisited = false
      this.#active.shift()
      this.#active.push(member)
    }
  }

  #retire(member: CellMember): void {
    member.isActive = false
    member.isBeingVisited = false
    member.deficitBytes = 0
    const place = this.#active.indexOf(member)
    if (place >= 0) this.#active.splice(place, 1)
  }
}

/** A bottleneck shared by the links of a shard, both directions. */
export class Cell {
  readonly up: CellChannel
  readonly down: CellChannel

  constructor(wheel: Wheel, model: CellModel) {
    this.up = new CellChannel(wheel, model.upBitS)
    this.down = new CellChannel(wheel, model.downBitS)
  }
}
