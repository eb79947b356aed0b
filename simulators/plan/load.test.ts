import { describe, expect, it } from 'vitest'
import type { Fleet, Profile } from '../profile/profile.ts'
import { profileSchema } from '../profile/schema/profile.ts'
import { createTargets, type PlannedLoad, plannedLoad, targetRateHz } from './load.ts'
import { createRandom } from './random.ts'
import { createSchedule } from './schedule.ts'

/** A profile as it stands in a file, with names and stages as the profile room would fill them in. */
function profile(input: object): Profile {
  const parsed = profileSchema.parse({ version: 1, ...input })
  const fleets = parsed.fleets.map(
    (fleet, index): Fleet => ({ ...fleet, name: fleet.name ?? `fleet-${index + 1}` }),
  )
  return { ...parsed, name: 'test', fleets, stages: parsed.stages ?? [{ for: 60_000 }] }
}

describe('the planned load', () => {
  it('adds up devices, rates and messages of a simple profile', () => {
    const load = plannedLoad(
      profile({
        fleets: [
          { count: 100, connect: { rate: '1000000/s' }, publish: [{ topic: 't', every: '1s', qos: 1 }] },
          {
            count: 10,
            name: 'fast',
            connect: { rate: '1000000/s' },
            publish: [{ topic: 't', rate: '20/s' }],
          },
        ],
        stages: [{ for: '10s' }],
      }),
    )

    expect(load).toMatchObject({ devices: 110, durationMs: 10_000, messages: 3_000 })
    expect(load.peakTotalRateHz).toBeCloseTo(300, 6)
    expect(load.peakQos0RateHz).toBeCloseTo(200, 6)
    expect(load.peakQos12RateHz).toBeCloseTo(100, 6)
    expect(load.perFleet.map((fleet) => [fleet.name, fleet.messages, fleet.target])).toEqual([
      ['fleet-1', 1_000, null],
      ['fast', 2_000, null],
    ])
  })

  it('follows stages: the peak is where many devices meet a high factor', () => {
    const load = plannedLoad(
      profile({
        fleets: [{ count: 100, publish: [{ topic: 't', every: '1s' }] }],
        stages: [
          { for: '60s', devices: '50%' },
          { for: '10s', rate: 3 },
          { for: '60s', rate: 1, devices: '100%' },
        ],
      }),
    )

    expect(load.peakTotalRateHz).toBeCloseTo(150, 6)
    // 50 devices come over 60 s, stay 10 s at 3, and 50 more come over 60 s: 1 530 + 1 500 + 4 530.
    expect(load.messages).toBe(7_560)
  })

  it('counts messages of a burst and honours limits', () => {
    const load = plannedLoad(
      profile({
        fleets: [
          {
            count: 10,
            connect: { rate: '1000000/s' },
            publish: [
              { topic: 'a', every: '1s', arrival: { burst: 5 } },
              { topic: 'b', every: '1s', limit: 3 },
            ],
          },
        ],
        stages: [{ for: '10s' }],
      }),
    )

    expect(load.messages).toBe(530)
    expect(load.perFleet[0]?.ratePerDeviceHz).toBe(6)
  })

  it('names the broker of each fleet and whether it is reached by TLS', () => {
    const load = plannedLoad(
      profile({
        broker: { url: 'mqtt://a:1883' },
        fleets: [{ count: 1 }, { count: 1, broker: { url: 'wss://b:443/mqtt' } }],
      }),
    )

    expect(load.perFleet.map(({ target, tls }) => ({ target, tls }))).toEqual([
      { target: 'mqtt://a:1883', tls: false },
      { target: 'wss://b:443/mqtt', tls: true },
    ])
  })

  it('says how many devices connect.rate and the stages let in', () => {
    const load = plannedLoad(
      profile({ fleets: [{ count: 1_000, connect: { rate: '10/s' } }], stages: [{ for: '20s' }] }),
    )

    expect(load.perFleet[0]).toMatchObject({ peakWanted: 1_000, peakConnected: 200 })
  })

  it('wants whole devices, as the plan of connections does', () => {
    for (const [count, devices, share] of [
      [100, '7%', 7],
      [100, '29%', 29],
      [10, '24%', 2],
    ] as const) {
      const load = plannedLoad(profile({ fleets: [{ count }], stages: [{ for: '20s', devices }] }))

      expect(load.perFleet[0]).toMatchObject({ peakWanted: share, peakConnected: share })
    }
  })

  it('foretells what the schedules then do, also with limits and a ramp', () => {
    const planned = profile({
      fleets: [
        {
          count: 200,
          connect: { rate: '50/s' },
          publish: [
            { topic: 'a', every: '500ms', arrival: 'poisson' },
            { topic: 'b', every: '1s', limit: 4 },
          ],
        },
      ],
      stages: [
        { for: '10s', devices: '100%' },
        { for: '5s', rate: 2 },
        { for: '5s', devices: '20%', rate: 1 },
      ],
    })
    const targets = createTargets(planned)
    let messages = 0
    for (let device = 0; device < 200; device += 1) {
      const spans = targets.fleets[0]?.plan.spansOf(device) ?? []
      for (const [entry, publish] of (planned.fleets[0]?.publish ?? []).entries()) {
        const schedule = createSchedule({
          publish,
          timeline: targets.timeline,
          random: createRandom(1, device, entry),
          startMs: 0,
          spans,
        })
        while (schedule.nextMs() < Number.POSITIVE_INFINITY) messages += 1
      }
    }

    expect(messages / plannedLoad(planned).messages).toBeCloseTo(1, 1)
  })

  it('asks of each machine its share, and of all together the whole', () => {
    const planned = profile({
      fleets: [
        { count: 3, connect: { rate: '1000000/s' }, publish: [{ topic: 't', every: '1s', qos: 1 }] },
        { count: 1_000, connect: { rate: '1000000/s' }, publish: [{ topic: 't', every: '1s', limit: 5 }] },
      ],
      stages: [{ for: '10s' }],
    })
    const shares = Array.from({ length: 8 }, (_, index) => plannedLoad(planned, { index, count: 8 }))
    const total = (of: (load: PlannedLoad) => number) => shares.reduce((sum, share) => sum + of(share), 0)

    expect(shares.map((share) => share.perFleet[0]?.messages)).toEqual([10, 10, 10, 0, 0, 0, 0, 0])
    expect(total((load) => load.devices)).toBe(1_003)
    expect(total((load) => load.messages)).toBe(5_030)
    expect(total((load) => load.peakTotalRateHz)).toBeCloseTo(1_003, 6)
    expect(total((load) => load.perFleet[1]?.peakConnected ?? 0)).toBe(1_000)
    expect(createTargets(planned, { index: 3, count: 8 }).rateHz(5_000, 0)).toBe(0)
  })

  it('is planned in no time for a million devices', () => {
    const load = plannedLoad(
      profile({
        fleets: [
          {
            count: 1_000_000,
            connect: { rate: '100000/s' },
            publish: [{ topic: 't', every: '100s', limit: 5 }],
          },
        ],
        stages: [{ for: '100s' }],
      }),
    )

    // All are in after 10 s; a device owes one message per 100 s: 950 000.
    expect(load.messages / 950_000).toBeCloseTo(1, 3)
  })
})

describe('the target rate', () => {
  const planned = profile({
    fleets: [
      { count: 10, name: 'a', publish: [{ topic: 't', every: '1s' }] },
      { count: 10, name: 'b', connect: { rate: '1000/s' }, publish: [{ topic: 't', every: '1s', limit: 2 }] },
    ],
    stages: [
      { for: '10s', devices: '100%' },
      { for: '10s', rate: 4 },
      { for: '5s', devices: '0%' },
    ],
  })
  const targets = createTargets(planned)

  it('is the connected devices times the factor times their rate', () => {
    expect([-1, 500, 9_999, 10_000, 19_999, 22_400, 25_000].map((t) => targets.rateHz(t, 0))).toEqual([
      0, 1, 10, 40, 40, 24, 0,
    ])
    expect(targetRateHz(planned.fleets[0] as Fleet, targets.timeline, 10_000)).toBe(40)
  })

  it('leaves out devices that have reached their limit', () => {
    expect([1_500, 5_500, 9_500, 15_000].map((t) => targets.rateHz(t, 1))).toEqual([2, 2, 2, 0])
  })

  it('adds up the fleets when none is named', () => {
    expect(targets.rateHz(5_500)).toBe(targets.rateHz(5_500, 0) + targets.rateHz(5_500, 1))
    expect(targets.connected(5_500)).toBe(12)
    expect(targets.rateHz(5_500, 9)).toBe(0)
  })

  it('has a mean over any window', () => {
    expect(targets.meanRateHz(10_000, 20_000, 0)).toBeCloseTo(40, 6)
    expect(targets.meanRateHz(10_000, 10_000, 0)).toBe(0)
    expect(targets.meanRateHz(0, 25_000, 1) * 25).toBeCloseTo(20, 6)
  })
})
