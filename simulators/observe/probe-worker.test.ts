import { connectAsync } from 'mqtt'
import { describe, expect, it } from 'vitest'
import { markedPayload } from '../../tests/support/marked-payload.ts'
import { factsFor, probeWorkerRig } from '../../tests/support/probe-worker-rig.ts'
import { machineNowMs } from '../run/run-clock.ts'

const { atEnd, start, sinful } = probeWorkerRig()

describe('the worker of the probe', () => {
  it('subscribes, samples, reads and stops as it is told', async () => {
    const url = await sinful({})
    const worker = start()
    const subscribed = worker.next('subscribed')
    worker.send({ type: 'subscribe', facts: factsFor(url) })
    expect((await subscribed).health).toMatchObject({ connections: 1, grantedQos: 1, blind: [] })
    worker.send({ type: 'run-started', zeroMs: machineNowMs(), warmUps: [] })
    const publisher = await connectAsync(url)
    atEnd(() => publisher.end(true))
    const stream = { run: 5, device: 0, publish: 0, qos: 1, epoch: 0, intendedUs: 0, sentLagUs: 0 } as const
    await publisher.publishAsync('t/fleet1-0', markedPayload({ ...stream, seq: 0 }), { qos: 1 })
    let { sample } = await worker.next('sample')
    while (sample.delivered[0] === 0) sample = (await worker.next('sample')).sample
    expect(sample).toMatchObject({ delivered: [1], duplicates: [0], missing: [0], blindSinceMs: null })
    worker.send({ type: 'draining' })
    const read = worker.next('reading')
    worker.send({ type: 'read' })
    const { reading, latency } = await read
    expect(reading.streams).toMatchObject([{ device: 0, distinct: 1 }])
    expect(latency).toHaveLength(1)
    worker.send({ type: 'stop' })
    await worker.ended
  })

  it('ends when its supervisor is gone, even while it connects', async () => {
    const url = await sinful({ handshake: 'silence' })
    const worker = start()
    worker.send({ type: 'subscribe', facts: factsFor(url) })
    await new Promise((resolve) => setImmediate(resolve))
    const began = performance.now()
    worker.close()
    await worker.ended
    expect(performance.now() - began).toBeLessThan(2_000)
  })

  it('has nothing to subscribe to when nothing is published, and says it is ready', async () => {
    const worker = start()
    const subscribed = worker.next('subscribed')
    const fleets = [{ count: 2, subscribe: [{ topic: 'x' }] }]
    worker.send({ type: 'subscribe', facts: factsFor('mqtt://127.0.0.1:1', { fleets }) })
    expect((await subscribed).health.connections).toBe(0)
  })
})
