const DEFAULT_BYTES = 64 * 1024
const SMALL_BYTES = 1024 * 1024

/**
 * Memory that outgoing packets are written into, one behind the other. It is never written twice: a full slab is let go,
 * and lives on while a socket or a message in flight still holds a view of it.
 */
export class Slab {
  readonly #defaultBytes: number
  bytes: Buffer
  /** Offset of the first free byte. */
  at = 0

  constructor(defaultBytes = DEFAULT_BYTES) {
    this.#defaultBytes = defaultBytes
    this.bytes = Buffer.allocUnsafeSlow(defaultBytes)
  }

  /** Makes room for `length` bytes behind `at`, in a new slab if need be, and returns `at`. */
  reserve(length: number): number {
    if (this.bytes.length - this.at < length) {
      // A packet may turn out far smaller than its bound, so a big bound must not cost a slab per packet.
      const wanted = length <= SMALL_BYTES ? 4 * length : length
      this.bytes = Buffer.allocUnsafeSlow(Math.max(this.#defaultBytes, wanted))
      this.at = 0
    }
    return this.at
  }
}
