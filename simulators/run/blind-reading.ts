import type { ProbeReading } from './probe-client.ts'

/** What is left of a probe whose process has ended: it saw nothing that can be believed, for the whole run. */
export function blindReading(why: string): ProbeReading {
  return {
    reading: {
      streams: [],
      phantom: 0,
      examples: [],
      foreign: 0,
      damaged: 0,
      retained: 0,
      health: {
        connections: 0,
        reconnects: 0,
        blind: [{ fromMs: 0, toMs: Number.POSITIVE_INFINITY, why }],
        eventLoopDelayP99Ms: 0,
        cpu: 0,
        overloaded: false,
        grantedQos: 2,
      },
    },
    latency: [],
  }
}
