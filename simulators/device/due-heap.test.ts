import fc from 'fast-check'
import { expect, it } from 'vitest'
import { DueHeap } from './due-heap.ts'

it('gives entries back in order of their due time, whatever order they came in', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), { maxLength: 200 }), (dues) => {
      const heap = new DueHeap(4)
      dues.forEach((due, task) => {
        heap.push(due, task)
      })

      const given: number[] = []
      while (heap.size > 0) given.push(dues[heap.pop()] ?? Number.NaN)

      expect(given).toEqual([...dues].sort((a, b) => a - b))
    }),
  )
})

it('gives each task exactly once', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 100 }), (dues) => {
      const heap = new DueHeap(1)
      dues.forEach((due, task) => {
        heap.push(due, task)
      })

      const tasks = dues.map(() => heap.pop())

      expect(tasks.sort((a, b) => a - b)).toEqual(dues.map((_, task) => task))
      expect(heap.pop()).toBe(-1)
      expect(heap.nextDue).toBe(Number.POSITIVE_INFINITY)
    }),
  )
})
