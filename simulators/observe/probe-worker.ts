import { AppError } from '../errors.ts'
import type { ProbeDown, ProbeUp, RunFacts } from '../run/messages.ts'
import { machineNowMs } from '../run/run-clock.ts'
import { toWireError } from '../run/wire-error.ts'
import type { WorkerLink } from '../run/worker-port.ts'
import { Probe } from './probe.ts'

const SAMPLE_EVERY_MS = 250

/**
 * The body of the probe's process. Resolves when it has ended: told to stop, or left alone by its supervisor, whose end
 * closes the link.
 */
export function runProbe(link: WorkerLink<ProbeDown, ProbeUp>): Promise<void> {
  return new Promise((resolve) => {
    let subscribing: Promise<Probe> | undefined
    let samplers: NodeJS.Timeout[] = []
    let ended = false
    const giveUp = new AbortController()

    const end = () => {
      if (ended) return
      ended = true
      for (const timer of samplers) clearInterval(timer)
      giveUp.abort()
      const stopped = subscribing?.then((probe) => probe.stop()).catch(() => undefined)
      void Promise.resolve(stopped).then(resolve)
    }

    const subscribe = async (facts: RunFacts) => {
      subscribing = Probe.subscribe(facts, giveUp.signal)
      try {
        const probe = await subscribing
        if (!ended) link.send({ type: 'subscribed', health: probe.health() })
      } catch (thrown) {
        if (ended) return
        link.send({ type: 'failed', error: toWireError(thrown) })
        end()
      }
    }

    const tell = (act: (probe: Probe) => void) => {
      if (!subscribing) {
        const message = 'The probe was asked before it was told to subscribe.'
        link.send({ type: 'failed', error: toWireError(new AppError({ code: 'INTERNAL', message })) })
        return
      }
      subscribing.then((probe) => {
        if (!ended) act(probe)
      }, ignore)
    }

    link.onClosed(end)
    link.onMessage((message) => {
      if (ended) return
      switch (message.type) {
        case 'subscribe':
          void subscribe(message.facts)
          break
        case 'run-started':
          tell((probe) => {
            probe.start(message.zeroMs, message.warmUps)
            for (const timer of samplers) clearInterval(timer)
            const send = () => link.send({ type: 'sample', sample: probe.sample() })
            const untilZeroMs = message.zeroMs - machineNowMs()
            samplers = [
              setInterval(send, SAMPLE_EVERY_MS),
              // One just behind each warm-up, so that what belongs to it and what follows can be told apart.
              ...message.warmUps.map((ms) => setTimeout(send, Math.max(0, untilZeroMs + ms) + 1)),
            ]
          })
          break
        case 'draining':
          tell((probe) => probe.drain())
          break
        case 'read':
          tell((probe) => link.send({ type: 'reading', ...probe.read() }))
          break
        case 'stop':
          end()
          break
      }
    })
  })
}

const ignore = () => undefined
