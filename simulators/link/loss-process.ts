import type { Random } from '../plan/random.ts'
import type { BurstLoss, Loss } from './model.ts'

/** Decides which packets are lost. */
export class LossProcess {
  readonly #random: Random
  #isBad = false
  /** When the present spell ends; undefined until the first packet. */
  #untilMs: number | undefined

  constructor(random: Random) {
    this.#random = random
  }

  /** Whether the packet that is on the link at `nowMs` is lost; times must not go back. */
  takes(loss: Loss, nowMs: number): boolean {
    const share = 'share' in loss ? loss.share : this.#shareAt(loss, nowMs)
    return share > 0 && this.#random.next() < share
  }

  #shareAt(loss: BurstLoss, nowMs: number): number {
    const { meanGoodMs, meanBadMs } = loss
    if (this.#untilMs === undefined) {
      // The first spell is met somewhere in its middle: what is left of it is exponential too.
      this.#isBad = this.#random.next() < meanBadMs / (meanGoodMs + meanBadMs)
      this.#untilMs = nowMs + this.#random.exponential(this.#isBad ? meanBadMs : meanGoodMs)
    }
    while (this.#untilMs <= nowMs) {
      this.#isBad = !this.#isBad
      this.#untilMs += this.#random.exponential(this.#isBad ? meanBadMs : meanGoodMs)
    }
    return this.#isBad ? loss.badShare : loss.goodShare
  }
}
