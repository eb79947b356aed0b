import type { LinkModel } from './model.ts'

/** When a device's radio may send: it sleeps by a duty cycle, and needs time for a channel after a silence. */
export class Radio {
  #model: LinkModel
  /** Where in its duty cycle the device was at time zero. */
  readonly #phaseMs: number
  /** The radio has a channel until `idleMs` after this. */
  #activeMs = Number.NEGATIVE_INFINITY

  /** `phase` is a share of the duty cycle, so that devices do not all wake together. */
  constructor(model: LinkModel, phase: number) {
    this.#model = model
    this.#phaseMs = phase * (model.dutyCycle?.everyMs ?? 0)
  }

  change(model: LinkModel): void {
    this.#model = model
  }

  /** When a packet may go that is ready now. Asking for it begins the promotion, as a packet in the modem does. */
  readyAtMs(nowMs: number): number {
    const { promotion } = this.#model
    const awakeMs = this.#awakeAtMs(nowMs)
    if (!promotion) return awakeMs
    if (awakeMs > this.#activeMs + promotion.idleMs) this.#activeMs = awakeMs + promotion.delayMs
    return Math.max(awakeMs, this.#activeMs)
  }

  /** Something was sent. */
  touched(nowMs: number): void {
    if (nowMs > this.#activeMs) this.#activeMs = nowMs
  }

  #awakeAtMs(nowMs: number): number {
    const { dutyCycle } = this.#model
    if (!dutyCycle) return nowMs
    const { everyMs, awakeMs } = dutyCycle
    const since = (((nowMs + this.#phaseMs) % everyMs) + everyMs) % everyMs
    return since < awakeMs ? nowMs : nowMs + everyMs - since
  }
}
