import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { QoS } from '../profile/profile.ts'
import { StreamSpace } from './stream-space.ts'

const levels = fc.subarray<QoS>([0, 1, 2])
const fleet = fc.record({
  devices: fc.integer({ min: 1, max: 5 }),
  publishes: fc.array(fc.record({ qos: levels, limit: fc.constant(100) }), { maxLength: 4 }),
})

it('numbers every stream that can exist once, without gaps, and names it back', () => {
  fc.assert(
    fc.property(fc.array(fleet, { minLength: 1, maxLength: 4 }), (fleets) => {
      const space = new StreamSpace(fleets)
      const slots: number[] = []
      for (let device = 0; device < space.devices; device++) {
        const index = space.fleetOf(device)
        fleets[index]?.publishes.forEach((entry, publish) => {
          for (const qos of entry.qos) {
            const slot = space.slotOf(index, device, publish, qos)
            expect(space.nameOf(slot)).toEqual({ device, publish, qos })
            slots.push(slot)
          }
        })
      }
      expect(slots.sort((a, b) => a - b)).toEqual(slots.map((_, at) => at))
    }),
  )
})

it('knows no fleet for devices outside the profile', () => {
  const space = new StreamSpace([{ devices: 3, publishes: [] }])
  expect([-1, 3, 1.5, Number.NaN].map((device) => space.fleetOf(device))).toEqual([-1, -1, -1, -1])
})
