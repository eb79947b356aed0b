import { connectAsync, type MqttClient } from 'mqtt'

const CLOCK = '$SYS/broker/uptime'

/**
 * Reads counters of Mosquitto from `$SYS`, which publishes them in batches that begin with the uptime (start it with
 * `sys_interval 1`). Reading sends no packet but CONNECT, SUBSCRIBE and, at the end, DISCONNECT.
 */
export class SysCounter {
  readonly #client: MqttClient
  readonly #topics: readonly string[]
  readonly #values = new Map<string, number>()

  private constructor(client: MqttClient, topics: readonly string[]) {
    this.#client = client
    this.#topics = topics
    client.on('message', (topic, payload) => this.#values.set(topic, Number(payload.toString())))
  }

  /** `names` below `$SYS/broker/`, such as "messages/received". */
  static async watch(port: number, names: readonly string[]): Promise<SysCounter> {
    const client = await connectAsync(`mqtt://127.0.0.1:${port}`, { keepalive: 0 })
    const counter = new SysCounter(
      client,
      names.map((name) => `$SYS/broker/${name}`),
    )
    await client.subscribeAsync([...counter.#topics, CLOCK])
    return counter
  }

  /** Values of a batch that began after this call, in the order of the names. */
  async read(): Promise<number[]> {
    // The retained uptime comes with the subscription; the next one begins a batch, the one after it ends that batch.
    for (let ticks = 0; ticks < 2; ticks += 1) await this.#tick()
    return this.#topics.map((topic) => this.#values.get(topic) ?? 0)
  }

  async stop(): Promise<void> {
    await this.#client.endAsync(true)
  }

  #tick(): Promise<void> {
    return new Promise((resolve) => {
      const listen = (topic: string, _payload: Buffer, { retain }: { retain: boolean }) => {
        if (topic !== CLOCK || retain) return
        this.#client.off('message', listen)
        resolve()
      }
      this.#client.on('message', listen)
    })
  }
}
