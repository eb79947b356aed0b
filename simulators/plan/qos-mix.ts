import type { QoS } from '../profile/profile.ts'
import type { PublishSettings } from '../profile/schema/publish.ts'
import type { Random } from './random.ts'

/** Share of each QoS in the messages of an entry; the three add up to 1. */
export function qosShares(qos: PublishSettings['qos']): readonly [number, number, number] {
  if (typeof qos === 'number') return [qos === 0 ? 1 : 0, qos === 1 ? 1 : 0, qos === 2 ? 1 : 0]
  const total = qos[0] + qos[1] + qos[2]
  return [qos[0] / total, qos[1] / total, qos[2] / total]
}

/** The highest QoS that an entry ever uses. */
export function highestQos(qos: PublishSettings['qos']): QoS {
  const shares = qosShares(qos)
  if (shares[2] > 0) return 2
  return shares[1] > 0 ? 1 : 0
}

/** Draws the QoS of each message of one entry of one device, in order. */
export class QosMix {
  readonly #below0: number
  readonly #below1: number
  readonly #only: QoS | undefined
  readonly #random: Random

  constructor(qos: PublishSettings['qos'], random: Random) {
    const shares = qosShares(qos)
    this.#below0 = shares[0]
    this.#below1 = shares[0] + shares[1]
    const used = ([0, 1, 2] as const).filter((level) => shares[level] > 0)
    this.#only = used.length === 1 ? used[0] : undefined
    this.#random = random
  }

  /** The QoS of the next message. */
  next(): QoS {
    if (this.#only !== undefined) return this.#only
    const draw = this.#random.next()
    if (draw < this.#below0) return 0
    return draw < this.#below1 ? 1 : 2
  }
}

export function createQosMix(qos: PublishSettings['qos'], random: Random): QosMix {
  return new QosMix(qos, random)
}
