/** Phases of a run, in order. */
export type DrainPhase = 'run' | 'quiesce' | 'drain' | 'verdict'

/** Quiet that is enough when everything expected has been seen. */
const SHORT_QUIET_MS = 1_000
/** A drain that takes this many times its grace ends without an answer. */
const PATIENCE = 10
/** An observer that has been blind for this many times the grace will not come back in time. */
const BLIND_PATIENCE = 2

export interface DrainSettings {
  /** Time after the last message before anything is called lost. */
  graceMs: number
  /** Time without any arrival before the drain may end. */
  quietMs: number
}

/** What the run knows at one moment. Times in ms since its start. */
export interface DrainReading {
  nowMs: number
  /** Last arrival of this run at the observer; below zero before the first. */
  lastArrivalMs: number
  /** All messages sent, whatever was said of them: rejected ones may come all the same, and fewer would end the drain too early. */
  expectedAtMost: number
  /** Different messages seen. */
  delivered: number
  /** Connected, subscribed and keeping up, now. */
  observerHealthy: boolean
}

export interface DrainStep {
  state: DrainPhase
  /** In state verdict: the drain came to its proper end; otherwise what is missing may still be on its way. */
  settled: boolean
  /** If nothing else happens: nothing arrives, nobody recovers. 0 in state verdict. */
  remainingMs: number
}

/** When a run may be judged: run, quiesce (in-flight messages resolve), drain (late ones arrive), verdict. */
export class Drain {
  private phase: DrainPhase = 'run'
  private settled = false
  private lastPublishMs = 0
  private beganMs = 0
  private lastTroubleMs = Number.NEGATIVE_INFINITY
  /** Since when, within the drain, the observer has been blind without a break. */
  private blindSinceMs: number | undefined
  private readonly settings: DrainSettings

  constructor(settings: DrainSettings) {
    this.settings = settings
  }

  /** The devices publish nothing new. */
  quiesce(): void {
    if (this.phase === 'run') this.phase = 'quiesce'
  }

  /** Nothing is in flight any more: acknowledged, or given up and in doubt. */
  begin(nowMs: number, lastPublishMs = nowMs): void {
    if (this.phase === 'drain' || this.phase === 'verdict') return
    this.phase = 'drain'
    this.beganMs = nowMs
    this.lastPublishMs = lastPublishMs
  }

  step(reading: DrainReading): DrainStep {
    if (this.phase !== 'drain') return this.told(0)
    const { nowMs } = reading
    const patienceMs = this.beganMs + PATIENCE * this.longGraceMs - nowMs
    if (!reading.observerHealthy) return this.stepBlind(nowMs, patienceMs)
    this.blindSinceMs = undefined
    const properMs = this.properEndMs(reading) - nowMs
    if (properMs <= 0) {
      this.settled = true
      this.phase = 'verdict'
    } else if (patienceMs <= 0) this.phase = 'verdict'
    return this.told(Math.min(Math.max(properMs, 0), patienceMs))
  }

  private stepBlind(nowMs: number, patienceMs: number): DrainStep {
    this.lastTroubleMs = nowMs
    this.blindSinceMs ??= nowMs
    const remainingMs = Math.min(this.blindSinceMs + BLIND_PATIENCE * this.longGraceMs - nowMs, patienceMs)
    if (remainingMs <= 0) this.phase = 'verdict'
    return this.told(remainingMs)
  }

  private told(remainingMs: number): DrainStep {
    const { phase, settled } = this
    return { state: phase, settled, remainingMs: phase === 'verdict' ? 0 : remainingMs }
  }

  private get longGraceMs(): number {
    const { graceMs, quietMs } = this.settings
    return Math.max(graceMs, quietMs, SHORT_QUIET_MS)
  }

  private properEndMs({ lastArrivalMs, expectedAtMost, delivered }: DrainReading): number {
    const { graceMs, quietMs } = this.settings
    // A second copy of something may still follow, so even a full count waits for a moment of quiet. More than were
    // sent proves nothing: some were never sent, and as many of the others may still be on their way.
    if (delivered === expectedAtMost)
      return Math.max(lastArrivalMs, this.lastPublishMs) + Math.min(quietMs, SHORT_QUIET_MS)
    // After trouble the broker first has to find the observer again: the grace begins anew.
    const anchorMs = Math.max(this.lastPublishMs, lastArrivalMs, this.lastTroubleMs)
    return Math.max(anchorMs + graceMs, lastArrivalMs + quietMs)
  }
}

/** A drain for a run that begins. */
export function createDrain(settings: DrainSettings): Drain {
  return new Drain(settings)
}
