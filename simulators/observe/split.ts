import { disjointFilters, filtersOverlap } from './filters.ts'
import type { TopicSource } from './topics.ts'

/** One connection of the probe reads this many messages a second with room to spare on one core. */
const RATE_PER_CONNECTION_HZ = 30_000
/** All connections share one core, so more of them only add room in the broker's queues. */
const CHOSEN_CONNECTIONS_MAX = 8
/** Above this, subscriptions to single topics cost the broker more than a second connection gains. */
const KNOWN_TOPICS_MAX = 100_000

/** How many connections the planned rate asks for. */
export function connectionsFor(sources: readonly TopicSource[]): number {
  const rateHz = sources.reduce((sum, source) => sum + source.rateHz, 0)
  return Math.min(CHOSEN_CONNECTIONS_MAX, Math.max(1, Math.ceil(rateHz / RATE_PER_CONNECTION_HZ)))
}

/**
 * The topic filters of each connection: every topic is selected by exactly one filter of exactly one connection, so no
 * stream is split, nothing arrives twice, and no shared subscription breaks the order. May use fewer than `connections`.
 */
export function splitTopics(sources: readonly TopicSource[], connections: number): string[][] {
  const filters = disjointFilters(sources.map((source) => source.filter))
  if (connections <= 1 && filters.length > 0) return [filters]
  const shares = Array.from({ length: connections }, () => ({ rateHz: 0, topics: new Set<string>() }))
  const whole: { filter: string; rateHz: number }[] = []
  let room = KNOWN_TOPICS_MAX
  for (const filter of filters) {
    const members = sources.filter((source) => filtersOverlap(source.filter, filter))
    const rateHz = members.reduce((sum, member) => sum + member.rateHz, 0)
    const known = members.reduce((sum, member) => sum + member.known, 0)
    if (known <= 1 || known > room || members.some((member) => member.known === 0)) {
      whole.push({ filter, rateHz })
      continue
    }
    room -= known
    for (const member of members) {
      for (const topic of member.topics()) {
        // The same topic always falls to the same connection, whichever device or entry publishes to it.
        const share = shares[hash(topic) % connections]
        if (!share) continue
        share.topics.add(topic)
        share.rateHz += member.rateHz / member.known
      }
    }
  }
  whole.sort((left, right) => right.rateHz - left.rateHz)
  for (const { filter, rateHz } of whole) {
    const idlest = shares.reduce((best, share) => (share.rateHz < best.rateHz ? share : best))
    idlest.topics.add(filter)
    idlest.rateHz += rateHz
  }
  return shares.map((share) => [...share.topics]).filter((topics) => topics.length > 0)
}

/** FNV-1a, 32 bit. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193)
  return value >>> 0
}
