import { runBroker, runProbe, runShard, type WorkerLink } from '../../simulators/index.ts'

/** The supervisor at the other end of the channel that fork() made. */
function parentLink<Down, Up>(): WorkerLink<Down, Up> {
  return {
    send: (message) => {
      if (process.connected) process.send?.(message, undefined, undefined, () => undefined)
    },
    onMessage: (listener) => {
      // The supervisor speaks Down: both ends are built from the same sources.
      process.on('message', (message) => listener(message as Down))
    },
    onClosed: (listener) => {
      process.on('disconnect', listener)
    },
  }
}

// Ctrl-C reaches every process of the terminal. The supervisor decides what it means; its workers wait for word.
process.on('SIGINT', () => undefined)
// No orphan survives its parent: the channel closes when the parent ends, however it ended.
process.on('disconnect', () => process.exit(0))

const role = process.argv[2]
const body =
  role === 'shard'
    ? runShard(parentLink())
    : role === 'probe'
      ? runProbe(parentLink())
      : role === 'broker'
        ? runBroker(parentLink())
        : undefined
process.exitCode = body ? 0 : 2
void body?.finally(() => process.exit())
