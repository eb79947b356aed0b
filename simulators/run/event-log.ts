import type { DeviceEvent } from '../device/device-context.ts'
import type { EventCount } from './messages.ts'

/** Different events that a shard tells apart between two samples; more are counted, not kept. */
const MAX_KINDS = 100

/** Collects what happens to devices, equal things as one line with a count. */
export class EventLog {
  #counts = new Map<string, EventCount>()
  #dropped = 0

  add(fleet: number, { kind, text, closure }: DeviceEvent, device: string, nowMs: number): void {
    const key = `${fleet} ${kind} ${text}`
    const known = this.#counts.get(key)
    if (known) known.count += 1
    else if (this.#counts.size >= MAX_KINDS) this.#dropped += 1
    else
      this.#counts.set(key, { fleet, kind, closure: closure ?? null, text, count: 1, firstMs: nowMs, device })
  }

  /** Hands over what was collected and begins anew. `dropped` is the number of events that found no room. */
  take(): { events: EventCount[]; dropped: number } {
    const taken = { events: [...this.#counts.values()], dropped: this.#dropped }
    this.#counts = new Map()
    this.#dropped = 0
    return taken
  }
}
