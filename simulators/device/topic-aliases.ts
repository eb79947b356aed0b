/** The topic aliases of one connection: given out in the order topics are used, never taken back (MQTT 5 section 3.3.2.3.4). */
export class TopicAliases {
  readonly #maximum: number
  // By identity: a device encodes each of its topics once.
  readonly #announced = new Map<Buffer, number>()

  constructor(maximum: number) {
    this.#maximum = maximum
  }

  /** The alias of a topic, or the one it would get; 0 when none is left. */
  aliasFor(topic: Buffer): number {
    const next = this.#announced.size + 1
    return this.#announced.get(topic) ?? (next <= this.#maximum ? next : 0)
  }

  isAnnounced(topic: Buffer): boolean {
    return this.#announced.has(topic)
  }

  announce(topic: Buffer, alias: number): void {
    this.#announced.set(topic, alias)
  }
}
