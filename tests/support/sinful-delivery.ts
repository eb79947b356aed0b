import { readMarker } from '../../simulators/delivery/marker.ts'
import { createSighting } from '../../simulators/delivery/marker-sighting.ts'
import type { DeliveryTruth, StreamTruth } from './delivery-truth.ts'
import type { Outgoing } from './sinful-session.ts'

/** What the broker does wrong, on purpose. Shares are probabilities per message; all may be changed while it runs. */
export interface Sins {
  drop: number
  duplicate: number
  reorder: number
  /** Flips one byte of the payload. */
  corrupt: number
  /** Refuses messages of QoS 1 and 2 with `rejectReason` (MQTT 5 only). */
  reject: number
  rejectReason: number
  /** Reason code of acknowledgements otherwise, such as 0x10 (MQTT 5 only). */
  ackReason: number
  /** Takes messages and never acknowledges them. */
  neverAck: boolean
  /** CONNACK code to refuse every connection with. */
  refuseWith: number | null
  /** What comes in place of a CONNACK. */
  handshake: 'proper' | 'garbage' | 'http' | 'close' | 'reset' | 'silence'
  /** Highest QoS that is granted to subscribers, or a failure code. */
  grant: number
  /** Delivers what it refused all the same. */
  deliverRefused: boolean
  /** Acknowledges so long after it has delivered; 0: before. */
  ackDelayMs: number
  /** Decides alone what becomes of a message: calls `deliver` as often as it likes, now or later, with this or another one. */
  script: Script | null
}

export type Script = (
  message: Outgoing,
  stream: StreamTruth,
  seq: number,
  deliver: (changed?: Outgoing) => void,
) => void

export const INNOCENT: Sins = {
  ...{ drop: 0, duplicate: 0, reorder: 0, corrupt: 0, reject: 0, rejectReason: 0x97 },
  ...{ ackReason: 0, neverAck: false, refuseWith: null, handshake: 'proper', grant: 2 },
  ...{ deliverRefused: false, ackDelayMs: 0, script: null },
}

/** Messages of the same stream that may overtake one that is held back. */
const HELD_FOR_MAX = 6

interface Held {
  message: Outgoing
  seq: number
  stream: StreamTruth
  passing: number
  sinceMs: number
}

/** Decides what becomes of each accepted message, and writes down what it did. */
export class SinfulDelivery {
  readonly #sins: Sins
  readonly #truth: DeliveryTruth
  readonly #chance: () => number
  /** Hands a message to whoever subscribed; says whether anybody will get it. */
  readonly #send: (message: Outgoing) => boolean
  readonly #held = new Map<StreamTruth, Held[]>()
  readonly #sighting = createSighting()

  constructor(sins: Sins, truth: DeliveryTruth, chance: () => number, send: (message: Outgoing) => boolean) {
    this.#sins = sins
    this.#truth = truth
    this.#chance = chance
    this.#send = send
  }

  /** Drops, repeats or holds back one accepted message. */
  take(message: Outgoing, stream: StreamTruth, seq: number): void {
    const sins = this.#sins
    if (sins.script) {
      sins.script(message, stream, seq, (changed = message) => this.#deliver(message, stream, seq, changed))
      return
    }
    const fate = this.#chance()
    if (fate >= sins.drop) {
      if (fate < sins.drop + sins.reorder) this.#hold(message, stream, seq)
      else this.#deliver(message, stream, seq)
      if (this.#chance() < sins.duplicate) {
        if (this.#chance() < 0.5) this.#deliver(message, stream, seq)
        else this.#hold(message, stream, seq)
      }
    }
    const held = this.#held.get(stream)
    if (!held) return
    for (const one of held) one.passing -= 1
    this.#releaseOf(stream, held, ({ passing }) => passing < 0)
  }

  #hold(message: Outgoing, stream: StreamTruth, seq: number): void {
    const held = this.#held.get(stream) ?? []
    const passing = 1 + Math.floor(this.#chance() * HELD_FOR_MAX)
    held.push({ message, stream, seq, passing, sinceMs: performance.now() })
    this.#held.set(stream, held)
  }

  /** Delivers what is held back for too long; without an age, all of it. */
  release(heldMs = 0): void {
    const olderThanMs = heldMs === 0 ? Number.POSITIVE_INFINITY : performance.now() - heldMs
    for (const [stream, held] of this.#held) {
      this.#releaseOf(stream, held, ({ sinceMs }) => sinceMs < olderThanMs)
    }
  }

  #releaseOf(stream: StreamTruth, held: Held[], isDue: (one: Held) => boolean): void {
    const stay = held.filter((one) => !isDue(one))
    for (const one of held) if (!stay.includes(one)) this.#deliver(one.message, stream, one.seq)
    if (stay.length > 0) this.#held.set(stream, stay)
    else this.#held.delete(stream)
  }

  /** Delivers for good and writes down that it did. */
  #deliver(message: Outgoing, stream: StreamTruth, seq: number, changed = message): void {
    const damaged = this.#chance() < this.#sins.corrupt ? this.#damage(message) : changed
    if (!this.#send(damaged)) return
    const reading = damaged === message ? 'intact' : readMarker(damaged.payload, this.#sighting)
    if (reading === 'marker-damaged') this.#truth.damaged += 1
    else if (reading === 'absent') this.#truth.unmarked += 1
    if (reading === 'marker-damaged' || reading === 'absent') return
    if (reading === 'payload-damaged') stream.corrupted += 1
    stream.delivered.push({ seq, topic: message.topic })
  }

  #damage(message: Outgoing): Outgoing {
    const payload = Buffer.from(message.payload)
    const at = Math.floor(this.#chance() * payload.length)
    payload[at] = (payload[at] ?? 0) ^ 0x01
    return { ...message, payload }
  }
}
