import { expect, it } from 'vitest'
import { startMosquitto } from './mosquitto.ts'
import { describeWithMosquitto } from './needs.ts'

describeWithMosquitto('Mosquitto for a test', () => {
  it('starts where others can reach it and ends again', async () => {
    const broker = await startMosquitto()

    expect(broker.port).toBeGreaterThan(0)

    await broker.stop()
    expect(() => process.kill(broker.pid, 0)).toThrow()
  })
})
