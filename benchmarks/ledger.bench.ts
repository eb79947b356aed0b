import { ObserverLedger } from '../simulators/delivery/observer-ledger.ts'
import { StreamLedger } from '../simulators/delivery/stream-ledger.ts'
import { StreamSpace } from '../simulators/delivery/stream-space.ts'

/** What the ledger must reach: events a second in order, and bytes of a stream without loss. */
const LEAST_EVENTS_PER_SECOND = 10_000_000
const MOST_BYTES_PER_STREAM = 200

interface Shape {
  name: string
  streams: number
  messages: number
  /** One message in this many does not come; 0: all come. */
  loseOneIn: number
  /** One message in this many comes four places late. */
  delayOneIn: number
}

const SHAPES: readonly Shape[] = [
  { name: 'in order', streams: 10_000, messages: 1_000, loseOneIn: 0, delayOneIn: 0 },
  { name: '1 % lost', streams: 10_000, messages: 300, loseOneIn: 100, delayOneIn: 0 },
  { name: '10 % lost', streams: 1_000, messages: 3_000, loseOneIn: 10, delayOneIn: 0 },
  { name: '1 % reordered', streams: 1_000, messages: 3_000, loseOneIn: 0, delayOneIn: 100 },
]

/** Numbers of one stream in order of arrival. */
function arrivalsOf({ messages, loseOneIn, delayOneIn }: Shape): Int32Array {
  const arrivals: number[] = []
  const late: { seq: number; due: number }[] = []
  for (let seq = 0; seq < messages; seq++) {
    if (delayOneIn > 0 && seq % delayOneIn === delayOneIn >> 1) late.push({ seq, due: seq + 4 })
    else if (loseOneIn === 0 || seq % loseOneIn !== loseOneIn >> 1) arrivals.push(seq)
    while (late[0]?.due === seq) arrivals.push(late.shift()?.seq ?? 0)
  }
  return Int32Array.from(arrivals)
}

function collectGarbage(): void {
  globalThis.gc?.()
  globalThis.gc?.()
}

function bytesInUse(): number {
  collectGarbage()
  const { heapUsed, external, arrayBuffers } = process.memoryUsage()
  return heapUsed + Math.max(external, arrayBuffers)
}

interface Measured {
  eventsPerSecond: number
  bytesPerStream: number
}

/** Streams take turns, as they do at a probe: nothing stays in the cache for its next message by luck. */
function measureStreams(shape: Shape): Measured {
  const arrivals = arrivalsOf(shape)
  const before = bytesInUse()
  const ledgers = Array.from({ length: shape.streams }, () => new StreamLedger())
  const start = process.hrtime.bigint()
  for (const [at, seq] of arrivals.entries()) for (const ledger of ledgers) ledger.on(seq, at, 0)
  return measured(start, before, shape.streams, arrivals.length, ledgers)
}

function measureObserver(shape: Shape): Measured {
  const arrivals = arrivalsOf(shape)
  const publishes = [{ qos: [1], limit: 1_000_000 }] as const
  const before = bytesInUse()
  const observer = new ObserverLedger(new StreamSpace([{ devices: shape.streams, publishes }]))
  const message = { device: 0, publish: 0, qos: 1 as const, epoch: 0, seq: 0 }
  const start = process.hrtime.bigint()
  for (const [at, seq] of arrivals.entries()) {
    message.seq = seq
    for (let device = 0; device < shape.streams; device++) {
      message.device = device
      observer.see(message, at, 0, true)
    }
  }
  return measured(start, before, shape.streams, arrivals.length, observer)
}

/** `kept` is passed in so that it is alive while its bytes are counted. */
function measured(start: bigint, before: number, streams: number, arrivals: number, kept: object): Measured {
  const seconds = Number(process.hrtime.bigint() - start) / 1e9
  const bytes = bytesInUse() - before
  if (Object.keys(kept).length === 0) throw new Error('nothing was measured')
  return { eventsPerSecond: (streams * arrivals) / seconds, bytesPerStream: bytes / streams }
}

function best(measure: (shape: Shape) => Measured, shape: Shape): Measured {
  const runs = Array.from({ length: 3 }, () => measure(shape))
  return {
    eventsPerSecond: Math.max(...runs.map((run) => run.eventsPerSecond)),
    bytesPerStream: Math.min(...runs.map((run) => run.bytesPerStream)),
  }
}

/** Measures ledgers and prints a table; run with --expose-gc for the bytes. Returns the exit code. */
export function main(): number {
  if (globalThis.gc === undefined)
    console.log('Run node with --expose-gc: without it the bytes are not to be believed.')
  console.log('shape           what      million events/s   bytes per stream')
  let ok = true
  for (const shape of SHAPES)
    for (const [what, measure] of [
      ['ledger', measureStreams],
      ['observer', measureObserver],
    ] as const) {
      const { eventsPerSecond, bytesPerStream } = best(measure, shape)
      const millions = (eventsPerSecond / 1e6).toFixed(1).padStart(16)
      console.log(
        `${shape.name.padEnd(15)} ${what.padEnd(9)}${millions}${bytesPerStream.toFixed(0).padStart(19)}`,
      )
      if (shape.loseOneIn > 0 || shape.delayOneIn > 0) continue
      if (eventsPerSecond < LEAST_EVENTS_PER_SECOND) ok = false
      if (globalThis.gc !== undefined && bytesPerStream > MOST_BYTES_PER_STREAM) ok = false
    }
  console.log(
    `in order: at least 10 million events/s and at most 200 bytes per stream: ${ok ? 'met' : 'MISSED'}`,
  )
  return ok ? 0 : 1
}
