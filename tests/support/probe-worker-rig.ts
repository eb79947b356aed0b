import { runProbe } from '../../simulators/observe/probe-worker.ts'
import type { ProfileInput } from '../../simulators/profile/schema/profile.ts'
import type { ProbeDown, ProbeUp, RunFacts } from '../../simulators/run/messages.ts'
import { endings } from './endings.ts'
import { profileOf } from './profile-of.ts'
import { type Sins, startSinfulBroker } from './sinful-broker.ts'

/** The worker of the probe with the test in place of its supervisor. Call it once per file. */
export function probeWorkerRig() {
  const atEnd = endings()

  /** The supervisor's end of a link. */
  function start() {
    const waiting: { type: string; resolve: (message: ProbeUp) => void }[] = []
    const messages: ProbeUp[] = []
    const down: ((message: ProbeDown) => void)[] = []
    const closed: (() => void)[] = []
    const ended = runProbe({
      send: (message) => {
        messages.push(message)
        const at = waiting.findIndex(({ type }) => type === message.type)
        if (at >= 0) waiting.splice(at, 1)[0]?.resolve(message)
      },
      onMessage: (listener) => void down.push(listener),
      onClosed: (listener) => void closed.push(listener),
    })
    const close = () => {
      for (const listener of closed) listener()
    }
    atEnd(close)
    return {
      ...{ ended, close, messages },
      send: (message: ProbeDown) => {
        for (const listener of down) listener(message)
      },
      next: <Type extends ProbeUp['type']>(type: Type) =>
        new Promise<Extract<ProbeUp, { type: Type }>>((resolve) => {
          // What is resolved has the type that was waited for.
          waiting.push({ type, resolve: resolve as (message: ProbeUp) => void })
        }),
    }
  }

  async function failureOf(facts: RunFacts) {
    const worker = start()
    const failed = worker.next('failed')
    worker.send({ type: 'subscribe', facts })
    const { error } = await failed
    await worker.ended
    return error
  }

  async function sinful(sins: Partial<Sins>): Promise<string> {
    const broker = await startSinfulBroker(sins)
    atEnd(() => broker.stop())
    return `mqtt://127.0.0.1:${broker.port}`
  }

  return { atEnd, start, failureOf, sinful }
}

/** What a probe is told about a run of two devices with QoS 1. */
export function factsFor(url: string, changes: Partial<ProfileInput> = {}, baseDir = '.'): RunFacts {
  const fleets = [{ count: 2, publish: [{ topic: 't/{{device}}', qos: 1 as const, every: '1s' }] }]
  const profile = profileOf({ broker: { url }, fleets, ...changes })
  return { run: 5, profile, baseDir, embeddedPort: null }
}
