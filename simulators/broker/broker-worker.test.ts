import { connect as connectSocket } from 'node:net'
import { connectAsync } from 'mqtt'
import { describe, expect, it } from 'vitest'
import type { BrokerDown, BrokerUp } from '../run/messages.ts'
import { runBroker } from './broker-worker.ts'

/** The supervisor's end of a link. */
function start() {
  const up: ((message: BrokerUp) => void)[] = []
  const down: ((message: BrokerDown) => void)[] = []
  const closed: (() => void)[] = []
  const ended = runBroker({
    send: (message) => {
      for (const listener of up.splice(0)) listener(message)
    },
    onMessage: (listener) => void down.push(listener),
    onClosed: (listener) => void closed.push(listener),
  })
  return {
    ended,
    send: (message: BrokerDown) => {
      for (const listener of down) listener(message)
    },
    close: () => {
      for (const listener of closed) listener()
    },
    next: () => new Promise<BrokerUp>((resolve) => up.push(resolve)),
  }
}

async function listening() {
  const worker = start()
  const answer = worker.next()
  worker.send({ type: 'listen', host: '127.0.0.1' })
  const message = await answer
  if (message.type !== 'listening') throw new Error(message.error.message)
  return { ...worker, port: message.port }
}

function refused(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connectSocket(port, '127.0.0.1')
    socket.once('error', ({ message }) => resolve(message))
    socket.once('connect', () => resolve('connected'))
  })
}

describe('the worker of the embedded broker', () => {
  it('listens on a free port of loopback', async () => {
    const worker = await listening()
    const client = await connectAsync(`mqtt://127.0.0.1:${worker.port}`)
    await client.endAsync()
    worker.send({ type: 'stop' })
    await worker.ended
  })

  it('ends when told to stop, with clients still connected', async () => {
    const worker = await listening()
    const client = await connectAsync(`mqtt://127.0.0.1:${worker.port}`, { reconnectPeriod: 0 })
    const closed = new Promise<void>((resolve) => client.once('close', () => resolve()))
    worker.send({ type: 'stop' })
    await Promise.all([worker.ended, closed])
    expect(await refused(worker.port)).toMatch(/ECONNREFUSED/)
  })

  it('ends when its supervisor is gone', async () => {
    const worker = await listening()
    worker.close()
    await worker.ended
    expect(await refused(worker.port)).toMatch(/ECONNREFUSED/)
  })

  it('reports that it cannot listen', async () => {
    const worker = start()
    const answer = worker.next()
    // 192.0.2.1 is reserved for documentation (RFC 5737), so it is an address of no machine.
    worker.send({ type: 'listen', host: '192.0.2.1' as '127.0.0.1' })
    expect(await answer).toMatchObject({ type: 'failed', error: { code: 'WORKER_FAILED' } })
    await worker.ended
  })
})
