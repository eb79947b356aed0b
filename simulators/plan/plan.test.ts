import { describe, expect, it } from 'vitest'
import type { ArrivalSettings } from '../profile/schema/publish.ts'
import { connectPlan } from './arrivals.ts'
import { devicesOf, shareOf } from './partition.ts'
import { createQosMix } from './qos-mix.ts'
import { createRandom, PURPOSE } from './random.ts'
import { createSchedule } from './schedule.ts'
import { createTimeline } from './timeline.ts'

const timeline = createTimeline([
  { for: 5_000, devices: 1 },
  { for: 5_000, rate: 2 },
  { for: 5_000, devices: 0.4 },
])
const connects = connectPlan({ count: 50, connect: { rate: 20, inFlight: 64, timeout: 10_000 } }, timeline)
const arrivals: ArrivalSettings[] = ['constant', 'jitter', 'poisson', { burst: 4, spacing: 10 }]

/** What one device will do, as text. */
function planOf(seed: number, device: number): string {
  const spans = connects.spansOf(device)
  const lines = arrivals.map((arrival, entry) => {
    const schedule = createSchedule({
      publish: { every: 700, arrival },
      timeline,
      random: createRandom(seed, device, entry, PURPOSE.schedule),
      startMs: spans[0]?.connectMs ?? Number.POSITIVE_INFINITY,
      spans,
    })
    const mix = createQosMix([1, 1, 1], createRandom(seed, device, entry, PURPOSE.qos))
    const due: string[] = []
    for (let next = schedule.nextMs(); next < Number.POSITIVE_INFINITY; next = schedule.nextMs()) {
      due.push(`${next}/${mix.next()}`)
    }
    return due.join(' ')
  })
  return lines.join('\n')
}

function planOfAll(seed: number, machines: number, shards: number): string[] {
  const plans: string[] = []
  for (let machine = 0; machine < machines; machine += 1) {
    for (let shard = 0; shard < shards; shard += 1) {
      const share = shareOf({ index: machine, count: machines }, { index: shard, count: shards })
      for (const device of devicesOf(50, share)) plans[device] = planOf(seed, device)
    }
  }
  return plans
}

describe('the plan of a run', () => {
  it('is the same for the same seed, to the message, whatever the number of shards and machines', () => {
    const alone = planOfAll(7, 1, 1)

    expect(alone.join(' ').split(' ').length).toBeGreaterThan(3_000)
    expect(planOfAll(7, 1, 5)).toEqual(alone)
    expect(planOfAll(7, 3, 2)).toEqual(alone)
  })

  it('is another for another seed', () => {
    expect(planOfAll(8, 1, 1)).not.toEqual(planOfAll(7, 1, 1))
  })
})
