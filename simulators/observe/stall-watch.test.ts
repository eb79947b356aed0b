import { expect, it } from 'vitest'
import { StallWatch } from './stall-watch.ts'

it('remembers when the process stood still for longer than half a second, and nothing shorter', () => {
  let nowMs = 1_000
  const watch = new StallWatch(() => nowMs)
  for (const stepMs of [100, 350, 500, 4_200, 100]) {
    nowMs += stepMs
    watch.tick()
  }
  expect(watch.stalls).toEqual([{ fromMs: 1_950, toMs: 6_150, why: 'the probe stood still for 4.2 s' }])
})
