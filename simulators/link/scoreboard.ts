import type { RoundTrip } from './round-trip.ts'
import { ACKED, EVER_RESENT, LOST, RESENT, Segments } from './segments.ts'

/** Segments acknowledged out of order before a gap counts as a loss at once (RFC 5681 section 3.2). */
const REORDERING = 3
/** Linux rounds this timer up by two ticks of 4 ms (TCP_TIMEOUT_MIN). */
const TIMER_SLACK_MS = 8

/** What a sender knows of its segments: which have arrived, which are lost, which are under way again. */
export class Scoreboard {
  readonly segments = new Segments()
  #sacked = 0
  #lost = 0
  #resent = 0
  #unrepaired = 0
  /** The latest transmission known to have arrived (RACK). */
  #latestSentMs = Number.NEGATIVE_INFINITY
  #latestNumber = -1
  #latestRttMs = 0

  /** Segments that are not acknowledged without a gap. */
  get outstanding(): number {
    return this.segments.end - this.segments.first
  }

  /** Segments that are under way as far as can be known. */
  get inFlight(): number {
    return this.outstanding - this.#sacked - this.#lost + this.#resent
  }

  /** Segments acknowledged behind a gap. */
  get sacked(): number {
    return this.#sacked
  }

  get lost(): number {
    return this.#lost
  }

  /** Lost and not yet sent again. */
  get unrepaired(): number {
    return this.#unrepaired
  }

  /** The oldest of the lost that are not sent again; only when there is one. */
  get firstUnrepaired(): number {
    let number = this.segments.first
    while (!this.segments.is(number, LOST) || this.segments.is(number, RESENT)) number += 1
    return number
  }

  /** Takes note of an acknowledgement; returns how many segments it is the first of. */
  acked(number: number, upTo: number): number {
    const { segments } = this
    let fresh = 0
    if (this.isNews(number)) {
      this.#settle(number)
      fresh = 1
    }
    for (let older = segments.first; older < upTo; older += 1) {
      if (segments.is(older, ACKED)) continue
      this.#settle(older)
      fresh += 1
    }
    return fresh
  }

  /** Whether an acknowledgement of this segment says something new. */
  isNews(number: number): boolean {
    return number >= this.segments.first && !this.segments.is(number, ACKED)
  }

  /** Forgets what is acknowledged without a gap; returns how many segments that were. */
  advance(): number {
    const { segments } = this
    const before = segments.first
    while (segments.first < segments.end && segments.is(segments.first, ACKED)) {
      segments.first += 1
      this.#sacked -= 1
    }
    return segments.first - before
  }

  /** Learns from the round trip of a segment, which has just arrived; false when it was that of an older transmission. */
  arrivedLater(number: number, rttMs: number, roundTrip: RoundTrip): boolean {
    const sentMs = this.segments.sentMs(number)
    const isFirstTime = !this.segments.is(number, EVER_RESENT)
    // An answer sooner than any round trip is one to the first transmission (RFC 8985 section 6.2 step 2).
    if (!isFirstTime && rttMs < roundTrip.leastMs) return false
    if (sentMs > this.#latestSentMs || (sentMs === this.#latestSentMs && number > this.#latestNumber)) {
      this.#latestSentMs = sentMs
      this.#latestNumber = number
      this.#latestRttMs = rttMs
    }
    return isFirstTime
  }

  /**
   * RACK (RFC 8985 section 6.2): lost is what was sent before something that has arrived, and is overdue. Returns when to
   * look again; Infinity when there is nothing to wait for.
   */
  detect(nowMs: number, isOpen: boolean, leastRttMs: number): number {
    let againMs = Number.POSITIVE_INFINITY
    if (this.#sacked === 0 && isOpen) return againMs
    const isSure = !isOpen || this.#sacked >= REORDERING
    const patienceMs = this.#latestRttMs + (isSure ? 0 : leastRttMs / 4)
    const { segments } = this
    for (let number = segments.first; number < segments.end; number += 1) {
      if (!this.#isUnderWay(number) || !this.#isEarlier(number)) continue
      const overdueMs = segments.sentMs(number) + patienceMs
      if (overdueMs <= nowMs) this.#lose(number)
      else againMs = Math.min(againMs, overdueMs + TIMER_SLACK_MS)
    }
    return againMs
  }

  /** Counts everything that is under way as lost. */
  loseAll(): void {
    const { segments } = this
    for (let number = segments.first; number < segments.end; number += 1)
      if (this.#isUnderWay(number)) this.#lose(number)
  }

  /** The segment goes out again. */
  resend(number: number): void {
    if (this.segments.is(number, LOST)) this.#unrepaired -= 1
    this.segments.mark(number, RESENT | EVER_RESENT)
    this.#resent += 1
  }

  #isUnderWay(number: number): boolean {
    const { segments } = this
    return !segments.is(number, ACKED) && (!segments.is(number, LOST) || segments.is(number, RESENT))
  }

  #isEarlier(number: number): boolean {
    const sentMs = this.segments.sentMs(number)
    return sentMs < this.#latestSentMs || (sentMs === this.#latestSentMs && number < this.#latestNumber)
  }

  #settle(number: number): void {
    const { segments } = this
    const isResent = segments.is(number, RESENT)
    if (segments.is(number, LOST)) {
      this.#lost -= 1
      if (!isResent) this.#unrepaired -= 1
    }
    if (isResent) this.#resent -= 1
    segments.unmark(number, LOST | RESENT)
    segments.mark(number, ACKED)
    this.#sacked += 1
  }

  #lose(number: number): void {
    const { segments } = this
    if (!segments.is(number, LOST)) this.#lost += 1
    if (segments.is(number, RESENT)) this.#resent -= 1
    this.#unrepaired += 1
    segments.mark(number, LOST)
    segments.unmark(number, RESENT)
  }
}
