import type { StreamId } from '../../simulators/delivery/types.ts'

interface Delivery {
  seq: number
  topic: string
}

/** What really happened to the messages of one stream. */
export interface StreamTruth extends StreamId {
  /** Numbers that were accepted, without repetition. */
  accepted: Set<number>
  /** Numbers that were refused with a reason code. */
  rejected: Set<number>
  /** Everything that was handed to subscribers, in that order, repetitions too. */
  delivered: Delivery[]
  /** Deliveries whose payload was damaged while the marker stayed whole. */
  corrupted: number
}

export interface Counts {
  accepted: number
  distinct: number
  dropped: number
  duplicates: number
  reordered: number
  maxExtent: number
  corrupted: number
  rejected: number
}

/** Keeps the truth per stream and counts it the slow and obvious way. */
export class DeliveryTruth {
  readonly streams = new Map<string, StreamTruth>()
  /** Deliveries whose marker was damaged, so that they name no message. */
  damaged = 0
  /** Deliveries whose marker can no longer be seen at all. */
  unmarked = 0

  /** The stream of a message. */
  of({ device, publish, qos, epoch }: StreamId): StreamTruth {
    const key = `${device}:${publish}:${qos}:${epoch}`
    const known = this.streams.get(key)
    if (known) return known
    const stream = {
      ...{ device, publish, qos, epoch, corrupted: 0 },
      ...{ accepted: new Set<number>(), rejected: new Set<number>(), delivered: [] },
    }
    this.streams.set(key, stream)
    return stream
  }

  /** Sums over all streams. */
  counts(): Counts {
    const total: Counts = countsOf(undefined)
    for (const stream of this.streams.values()) {
      const counts = countsOf(stream)
      total.accepted += counts.accepted
      total.distinct += counts.distinct
      total.dropped += counts.dropped
      total.duplicates += counts.duplicates
      total.reordered += counts.reordered
      total.corrupted += counts.corrupted
      total.rejected += counts.rejected
      total.maxExtent = Math.max(total.maxExtent, counts.maxExtent)
    }
    return total
  }
}

/** Counts of one stream by brute force: RFC 4737 word by word, order per topic. */
export function countsOf(stream: StreamTruth | undefined): Counts {
  const delivered = stream?.delivered ?? []
  const firsts: Delivery[] = []
  const seen = new Set<number>()
  for (const one of delivered) {
    if (seen.has(one.seq)) continue
    seen.add(one.seq)
    firsts.push(one)
  }
  let reordered = 0
  let maxExtent = 0
  firsts.forEach((late, i) => {
    for (let j = 0; j < i; j += 1) {
      const early = firsts[j]
      if (!early || early.topic !== late.topic || early.seq < late.seq) continue
      reordered += 1
      maxExtent = Math.max(maxExtent, i - j)
      return
    }
  })
  const accepted = stream?.accepted.size ?? 0
  return {
    accepted,
    distinct: seen.size,
    dropped: accepted - seen.size,
    duplicates: delivered.length - seen.size,
    reordered,
    maxExtent,
    corrupted: stream?.corrupted ?? 0,
    rejected: stream?.rejected.size ?? 0,
  }
}
