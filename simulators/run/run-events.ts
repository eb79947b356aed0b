import type { RunEvent } from '../report/outcome.ts'
import type { EventCount } from './messages.ts'

const MOST_EVENTS = 1_000
const MOST_REASONS = 100
/** Equal events closer than this are one line. */
const TOGETHER_MS = 1_000

/** What happened in a run, bounded: equal events of a second are one, and what finds no room is counted. */
export class RunEvents {
  readonly list: RunEvent[] = []
  dropped = 0
  readonly #fleetNames: readonly string[]
  readonly #last = new Map<string, RunEvent>()
  /** Per fleet: how connections and attempts ended, in words. */
  readonly #reasons: Map<string, number>[]
  /** Failed attempts by how they ended. */
  readonly #closures = new Map<string, { closure: EventCount['closure']; text: string; count: number }>()
  readonly #tell: (event: RunEvent) => void

  constructor(fleetNames: readonly string[], tell: (event: RunEvent) => void) {
    this.#fleetNames = fleetNames
    this.#reasons = fleetNames.map(() => new Map())
    this.#tell = tell
  }

  /** Something that concerns the run as a whole. */
  add(tMs: number, kind: string, text: string): void {
    this.#put({ tMs: Math.max(0, tMs), kind, text, count: 1 })
  }

  /** What a shard counted since its last sample. */
  addCounts(counts: readonly EventCount[], dropped: number): void {
    this.dropped += dropped
    for (const event of counts) {
      const { fleet, kind, text, count, firstMs } = event
      this.#countClosure(event)
      const name = this.#fleetNames[fleet]
      this.#put({
        tMs: Math.max(0, firstMs),
        kind,
        text,
        count,
        ...(name === undefined ? {} : { fleet: name }),
      })
    }
  }

  reasons(fleet: number): Record<string, number> {
    return Object.fromEntries(this.#reasons[fleet] ?? [])
  }

  /** The most frequent way in which attempts to connect failed. */
  get mainFailure(): { closure: EventCount['closure']; text: string } | null {
    const [first] = [...this.#closures.values()].sort((a, b) => b.count - a.count)
    return first ?? null
  }

  #countClosure({ fleet, kind, closure, text, count }: EventCount): void {
    if (closure === null) return
    const reasons = this.#reasons[fleet]
    if (reasons) {
      const key = reasons.has(text) || reasons.size < MOST_REASONS ? text : 'other reasons'
      reasons.set(key, (reasons.get(key) ?? 0) + count)
    }
    if (kind !== 'connect-failed') return
    const known = this.#closures.get(text)
    if (known) known.count += count
    else if (this.#closures.size < MOST_REASONS) this.#closures.set(text, { closure, text, count })
  }

  #put(event: RunEvent): void {
    const key = `${event.fleet ?? ''} ${event.kind} ${event.text}`
    const last = this.#last.get(key)
    if (last && event.tMs - last.tMs < TOGETHER_MS) {
      last.count += event.count
      return
    }
    this.#tell(event)
    if (this.list.length >= MOST_EVENTS) {
      this.dropped += event.count
      return
    }
    const kept = { ...event }
    this.list.push(kept)
    this.#last.set(key, kept)
  }
}
