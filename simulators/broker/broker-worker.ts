import { AppError } from '../errors.ts'
import type { BrokerDown, BrokerUp } from '../run/messages.ts'
import { toWireError } from '../run/wire-error.ts'
import type { WorkerLink } from '../run/worker-port.ts'
import { type EmbeddedBroker, startEmbeddedBroker } from './embedded-broker.ts'

/**
 * The body of the embedded broker's process. Resolves when it has ended: told to stop, broken, or left alone by its
 * supervisor, whose end closes the link.
 */
export function runBroker(link: WorkerLink<BrokerDown, BrokerUp>): Promise<void> {
  return new Promise((resolve) => {
    let broker: Promise<EmbeddedBroker> | undefined
    let ended = false

    const end = () => {
      if (ended) return
      ended = true
      process.off('uncaughtException', fail)
      process.off('unhandledRejection', fail)
      const stopped = broker?.then((running) => running.stop()).catch(() => undefined)
      void Promise.resolve(stopped).then(resolve)
    }
    const fail = (thrown: unknown) => {
      if (ended) return
      const reason = thrown instanceof Error ? thrown.message : String(thrown)
      const error = new AppError({
        code: 'WORKER_FAILED',
        message: `The embedded broker failed: ${reason}`,
        cause: thrown,
      })
      link.send({ type: 'failed', error: toWireError(error) })
      end()
    }

    // Aedes calls back from sockets and timers, so what it throws has nobody to catch it but the process.
    process.on('uncaughtException', fail)
    process.on('unhandledRejection', fail)
    link.onClosed(end)
    link.onMessage((message) => {
      if (message.type === 'stop') {
        end()
      } else if (!broker && !ended) {
        broker = startEmbeddedBroker(message.host, fail)
        broker.then(({ port }) => link.send({ type: 'listening', port }), fail)
      }
    })
  })
}
