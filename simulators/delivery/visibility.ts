import type { Sight } from './evidence.ts'
import type { BlindSpan, ObservedStream } from './types.ts'

/** How far an observer is to be believed. */
export interface Visibility {
  blind: readonly BlindSpan[]
  overloaded: boolean
  /** The drain came to its proper end: what is missing now would have arrived. */
  settled: boolean
}

/** Numbers that an observer has not seen, and whether that means anything. The last may reach past the stream. */
export interface Absence {
  from: number
  to: number
  sight: Exclude<Sight, 'seen'>
}

/** Nothing was seen of all that shares a topic: whoever may not read it sees the same. */
export const UNPROVEN: Visibility = { blind: [], overloaded: false, settled: false }

/** After a break the queue that the broker keeps for the observer may still be full for a moment, and what comes is dropped. */
const RECOVERY_MS = 1_000

/**
 * What is absent from a stream of `generated` messages, from the coarse mark upwards: its holes and its tail.
 *
 * A hole is judged by the time from the sending of its predecessor to the arrival of its successor. The observer
 * receives a stream in the order in which the broker promises to deliver it [MQTT-4.6.0-6], so a message whose
 * successor has arrived can only come afterwards if that promise is broken: blindness that began later excuses nothing,
 * and neither does blindness that ended before the predecessor was even sent. A broker that kept messages over a break
 * delivers them late: the arrival of the predecessor would be too late a beginning. A tail has no successor, so
 * blindness at any time since the last one seen was sent may have swallowed it. Over several lanes no order is
 * promised, and blindness at any time leaves every absence open.
 */
export function absencesOf(
  stream: ObservedStream | undefined,
  generated: number,
  visibility: Visibility,
): Absence[] {
  const absences: Absence[] = []
  const ordered = stream === undefined || stream.lanes <= 1
  for (const { from, to, sinceMs, openedMs } of stream?.holes ?? []) {
    if (from >= generated) break
    const sight = sightBetween(ordered ? sinceMs : -Infinity, ordered ? openedMs : Infinity, visibility)
    absences.push({ from, to, sight })
  }
  const tail = (stream?.max ?? -1) + 1
  const tailSinceMs = stream === undefined || !ordered ? -Infinity : stream.maxSentMs
  if (tail < generated)
    absences.push({ from: tail, to: generated - 1, sight: sightBetween(tailSinceMs, Infinity, visibility) })
  return absences
}

function sightBetween(fromMs: number, toMs: number, { blind, overloaded, settled }: Visibility) {
  if (overloaded || !settled) return 'blind'
  return blind.some((span) => span.fromMs <= toMs && span.toMs + RECOVERY_MS >= fromMs) ? 'blind' : 'missing'
}
