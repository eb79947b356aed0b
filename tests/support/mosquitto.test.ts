import { expect, it } from 'vitest'
import { startMosquitto } from './mosquitto.ts'

it('starts a broker that others can reach and ends it again', async () => {
  const broker = await startMosquitto()

  expect(broker.port).toBeGreaterThan(0)

  await broker.stop()
  expect(() => process.kill(broker.pid, 0)).toThrow()
})
