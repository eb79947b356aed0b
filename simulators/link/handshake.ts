import type { Random } from '../plan/random.ts'
import { Jitter } from './jitter.ts'
import type { LaneModel, LinkModel, Loss } from './model.ts'

/** RFC 6298 section 2.1: a SYN without an answer is sent again after a second, then two, four and so on. */
const FIRST_TIMEOUT_MS = 1_000
/** Linux gives up after six more attempts; the device's own connect timeout is shorter as a rule. */
const MOST_BACKOFF = 6

/** The link as a handshake meets it. */
export interface HandshakeHost {
  readonly model: LinkModel
  readonly isDown: boolean
  randomOf(purpose: 'other'): Random
  readyAtMs(nowMs: number): number
  touched(nowMs: number): void
}

function lossShare(loss: Loss | undefined): number {
  if (!loss) return 0
  if ('share' in loss) return loss.share
  const { meanGoodMs, meanBadMs, goodShare, badShare } = loss
  return (goodShare * meanGoodMs + badShare * meanBadMs) / (meanGoodMs + meanBadMs)
}

/** Time of a packet without payload over a lane. */
function packetMs(lane: LaneModel, jitter: Jitter): number {
  const { rateBitS, overheadBytes } = lane
  const bitsPerMs = rateBitS / 1_000
  return jitter.delayMs(lane) + (bitsPerMs > 0 ? (overheadBytes * 8) / bitsPerMs : 0)
}

/** What TCP's three-way handshake costs on this link, lost SYNs included. */
export class Handshake {
  readonly #host: HandshakeHost
  readonly #random: Random
  readonly #jitter: Jitter
  #attempts = 0
  #sentMs = 0
  #isAnswered = false

  constructor(host: HandshakeHost) {
    this.#host = host
    this.#random = host.randomOf('other')
    this.#jitter = new Jitter(this.#random)
  }

  /** Goes on at a time that it asked for: returns the next such time, or undefined when it is through. */
  step(nowMs: number): number | undefined {
    const { isDown, model } = this.#host
    if (this.#isAnswered) {
      if (!isDown) return undefined
      // The link went down while the SYN or its answer was under way.
      this.#isAnswered = false
      return this.#retryMs()
    }
    const { up, down, handshakeRtts } = model
    const passing = (1 - lossShare(up.loss)) * (1 - lossShare(down.loss))
    this.#sentMs = nowMs
    this.#isAnswered = !isDown && this.#random.next() < passing
    if (!this.#isAnswered) return this.#retryMs()
    const readyMs = this.#host.readyAtMs(nowMs)
    this.#host.touched(nowMs)
    return readyMs + handshakeRtts * (packetMs(up, this.#jitter) + packetMs(down, this.#jitter))
  }

  #retryMs(): number {
    const backoff = Math.min(this.#attempts, MOST_BACKOFF)
    this.#attempts += 1
    return this.#sentMs + FIRST_TIMEOUT_MS * 2 ** backoff
  }
}
