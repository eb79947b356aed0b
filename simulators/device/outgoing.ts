import type { Flushable, FlushQueue } from './flush-queue.ts'
import type { Transport } from './ports.ts'
import type { Slab } from './slab.ts'

/** Above this many waiting bytes the turn's end is not awaited, so that the socket can push back. */
const FLUSH_AT_BYTES = 16 * 1024
/** Up to this many bytes, copying two packets together is cheaper than writing twice. */
const JOIN_BYTES = 16 * 1024

/**
 * What one connection has to send. Packets written into the slab one behind the other leave as one write at the end of the
 * turn of the event loop; a write a packet costs up to four times as much when several share a turn.
 */
export class Outgoing implements Flushable {
  transport: Transport | undefined
  /** The pipe is full. */
  isCongested = false
  readonly #slab: Slab
  readonly #queue: FlushQueue
  #bytes: Buffer
  #start = 0
  #end = 0
  #isQueued = false

  constructor(slab: Slab, queue: FlushQueue) {
    this.#slab = slab
    this.#queue = queue
    this.#bytes = slab.bytes
  }

  /** Queues the packet that begins at `start` and has just been written at the end of the slab. */
  append(start: number): void {
    const { bytes, at: end } = this.#slab
    if (this.#start === this.#end) {
      this.#bytes = bytes
      this.#start = start
      this.#end = end
    } else if (this.#bytes === bytes && this.#end === start) this.#end = end
    else this.#join(bytes, start, end)
    if (this.#end - this.#start >= FLUSH_AT_BYTES) this.#write()
    if (this.#isQueued) return
    this.#isQueued = true
    this.#queue.add(this)
  }

  /** Queues a packet from anywhere; its bytes are copied. */
  appendCopy(packet: Uint8Array): void {
    const start = this.#slab.reserve(packet.length)
    this.#slab.bytes.set(packet, start)
    this.#slab.at = start + packet.length
    this.append(start)
  }

  flush(): void {
    this.#isQueued = false
    this.#write()
  }

  /** Writes what waits now, because the connection is about to end. */
  flushNow(): void {
    this.#write()
  }

  /** Another connection's packets lie between: both parts move to the end of the slab. */
  #join(bytes: Buffer, start: number, end: number): void {
    const waiting = this.#end - this.#start
    const added = end - start
    if (waiting + added > JOIN_BYTES) {
      this.#write()
      // A transport that is not open yet has kept everything; then the copy is made whatever it costs.
      if (this.#start === this.#end) {
        this.#bytes = bytes
        this.#start = start
        this.#end = end
        return
      }
    }
    const at = this.#slab.reserve(waiting + added)
    const out = this.#slab.bytes
    this.#bytes.copy(out, at, this.#start, this.#end)
    bytes.copy(out, at + waiting, start, end)
    this.#slab.at = at + waiting + added
    this.#bytes = out
    this.#start = at
    this.#end = this.#slab.at
  }

  #write(): void {
    if (!this.transport || this.#start === this.#end) return
    const view = this.#bytes.subarray(this.#start, this.#end)
    this.#start = this.#end
    if (!this.transport.write(view)) this.isCongested = true
  }
}
