// Long because it is the list of what a link does, one sentence each.
import { describe, expect, it } from 'vitest'
import { type LinkRig, linkOf, rigLink } from '../../tests/support/link-rig.ts'
import { Cell } from './cell.ts'
import { FREE_LINK, isFree } from './model.ts'
import { Wheel } from './wheel.ts'

function sendAt({ wheel, pipe }: LinkRig, atMs: number, size = 10, direction: 'up' | 'down' = 'up'): boolean {
  wheel.advance(atMs)
  return pipe.send(direction, Buffer.alloc(size), atMs)
}

/** When each release came, in whole microseconds. */
function timesOf({ releases }: LinkRig, direction: 'up' | 'down' = 'up'): number[] {
  return releases.filter((one) => one.direction === direction).map(({ atMs }) => Math.round(atMs * 1e3) / 1e3)
}

describe('a link', () => {
  it('is free when nothing in it has an effect', () => {
    expect(isFree(FREE_LINK)).toBe(true)
    expect(isFree(linkOf({ delayMs: 1 }))).toBe(false)
    expect(isFree(linkOf({}, { nat: { idleMs: 1_000, kind: 'reset' } }))).toBe(false)
  })

  it('takes a round trip for the handshake, and holds what comes before', () => {
    const rig = rigLink(linkOf({ delayMs: 100 }, { down: { delayMs: 50 }, handshakeRtts: 1 }))
    sendAt(rig, 10)
    rig.wheel.advance(1_000)

    expect(rig.told).toEqual(['opened 150'])
    expect(timesOf(rig)).toEqual([250])
  })

  it('sends a lost SYN again after one second, then two', () => {
    const outages = { kind: 'blackhole', schedule: [{ atMs: 0, forMs: 2_000 }] } as const
    const wheel = new Wheel()
    const { told } = rigLink(linkOf({ delayMs: 5 }, { handshakeRtts: 1, outages }), { wheel })
    wheel.advance(100_000)

    // Tries at 0 and 1 s fail; that of 3 s comes through.
    expect(told).toEqual(['opened 3005'])
  })

  it('carries the end of the stream behind all bytes', () => {
    const rig = rigLink(linkOf({ rateBitS: 8_000, overheadBytes: 0, delayMs: 5 }))
    sendAt(rig, 0, 100)
    rig.pipe.finish('up', 0)
    rig.wheel.advance(1_000)

    expect(timesOf(rig)).toEqual([105])
    expect(rig.told).toEqual(['opened 0', 'finished up 105'])
  })

  it('says when it is full, and when there is room again', () => {
    const rig = rigLink(linkOf({ rateBitS: 8_000, overheadBytes: 0, mtuBytes: 100, queue: { bytes: 250 } }))
    const answers = [100, 100, 100].map((size) => sendAt(rig, 0, size))
    rig.wheel.advance(1_000)

    expect(answers).toEqual([true, true, false])
    expect(rig.told).toEqual(['opened 0', 'drained up 200'])
  })

  it('limits the queue in time where it is given in time', () => {
    const rig = rigLink(linkOf({ rateBitS: 80_000, overheadBytes: 0, queue: { ms: 200 } }))

    expect([sendAt(rig, 0, 1_999), sendAt(rig, 0, 1)]).toEqual([true, false])
  })

  it('lets both directions of a half-duplex link take turns', () => {
    const lane = { rateBitS: 8_000, overheadBytes: 0, mtuBytes: 100 }
    const rig = rigLink(linkOf(lane, { down: lane, halfDuplex: true }))
    sendAt(rig, 0, 200)
    sendAt(rig, 0, 200, 'down')
    rig.wheel.advance(1_000)

    expect([timesOf(rig), timesOf(rig, 'down')]).toEqual([
      [100, 300],
      [200, 400],
    ])
  })

  it('makes the first packet after a silence wait for a radio channel', () => {
    const rig = rigLink(linkOf({}, { promotion: { idleMs: 1_000, delayMs: 300 } }))
    for (const atMs of [1_000, 1_500, 2_400, 4_000]) sendAt(rig, atMs)
    rig.wheel.advance(10_000)

    // The handshake at 0 wakes the radio until 300, which keeps it on until 1300.
    expect(timesOf(rig)).toEqual([1_000, 1_500, 2_400, 4_300])
  })

  it('keeps what comes while the radio sleeps until the device wakes', () => {
    const rig = rigLink(linkOf({}, { dutyCycle: { everyMs: 1_000, awakeMs: 100 } }))
    for (let atMs = 1_000; atMs < 21_000; atMs += 333) sendAt(rig, atMs)
    rig.wheel.advance(30_000)
    const phases = new Set(timesOf(rig).map((atMs) => Math.floor(((atMs % 1_000) + 1e-6) / 100)))

    expect(timesOf(rig)).toHaveLength(61)
    // One tenth of each second, at a phase that is the device's own, so that it may straddle two.
    expect(phases.size).toBeLessThanOrEqual(2)
  })

  it('goes on at the new rate in the middle of a packet', () => {
    const rig = rigLink(linkOf({ rateBitS: 8_000, overheadBytes: 0 }))
    sendAt(rig, 0, 1_000)
    rig.wheel.advance(500)
    rig.link.change(linkOf({ rateBitS: 80_000, overheadBytes: 0 }), 500)
    rig.wheel.advance(2_000)

    expect(timesOf(rig)).toEqual([550])
  })

  it('stands still at a rate of zero, and goes on after it', () => {
    const rig = rigLink(linkOf({ rateBitS: 8_000, overheadBytes: 0 }))
    sendAt(rig, 0, 1_000)
    rig.wheel.advance(250)
    rig.link.change(linkOf({ rateBitS: 0, overheadBytes: 0 }), 250)
    rig.wheel.advance(5_000)
    rig.link.change(linkOf({ rateBitS: 8_000, overheadBytes: 0 }), 5_000)
    rig.wheel.advance(9_000)

    expect(timesOf(rig)).toEqual([5_750])
  })
})

describe('an outage', () => {
  const schedule = [{ atMs: 1_000, forMs: 1_000 }]

  it('delays what is under way and what comes until TCP tries again after it', () => {
    const rig = rigLink(linkOf({ delayMs: 50 }, { outages: { kind: 'blackhole', schedule } }))
    for (const atMs of [900, 980, 1_500]) sendAt(rig, atMs)
    rig.wheel.advance(10_000)

    // Under way at 1000: tried again after 250 ms, then 500, then 1000 more, at 2750.
    expect(timesOf(rig)).toEqual([950, 2_800, 2_800])
  })

  it('is over at once for who has nothing to send in it', () => {
    const rig = rigLink(linkOf({ delayMs: 50 }, { outages: { kind: 'blackhole', schedule } }))
    sendAt(rig, 2_001)
    rig.wheel.advance(10_000)

    expect(timesOf(rig)).toEqual([2_051])
  })

  it('of a link with loss ends when TCP tries again too, and nothing is missing', () => {
    const up = { delayMs: 50, loss: { share: 0.0001 } }
    const rig = rigLink(linkOf(up, { outages: { kind: 'blackhole', schedule } }))
    for (let atMs = 0; atMs < 3_000; atMs += 100) sendAt(rig, atMs)
    rig.wheel.advance(100_000)

    expect(rig.pipe.up.releasedBytes).toBe(300)
    expect(timesOf(rig).filter((atMs) => atMs > 1_000 && atMs < 2_050)).toEqual([])
  })

  it('of the kind reset ends connections at both ends', () => {
    const rig = rigLink(linkOf({}, { outages: { kind: 'reset', schedule } }))
    sendAt(rig, 1_200)
    rig.wheel.advance(5_000)

    expect(rig.told).toEqual(['opened 0', 'reset 1000'])
    expect(rig.releases).toEqual([])
  })

  it('comes at random with the mean times that are given', () => {
    const outages = { kind: 'blackhole', meanUpMs: 900, meanDownMs: 100 } as const
    const rig = rigLink(linkOf({}, { outages }))
    let down = 0
    for (let atMs = 0; atMs < 1_000_000; atMs += 10) {
      rig.wheel.advance(atMs)
      if (rig.link.isDown) down += 1
    }

    expect(down / 100_000).toBeCloseTo(0.1, 1)
  })
})

describe('half-open connections', () => {
  it('a device that goes in a blackhole is not missed until the far end speaks after it', () => {
    const rig = rigLink(linkOf({ delayMs: 20 }, { down: { delayMs: 30 } }))
    rig.wheel.advance(100)
    rig.link.blackhole(true, 100)
    rig.pipe.abandon(150)
    sendAt(rig, 200, 10, 'down')
    rig.wheel.advance(5_000)
    rig.link.blackhole(false, 5_000)
    rig.wheel.advance(6_000)
    const toldBefore = [...rig.told]
    sendAt(rig, 6_000, 10, 'down')
    rig.wheel.advance(7_000)

    expect(toldBefore).toEqual(['opened 0'])
    expect(rig.told).toEqual(['opened 0', 'abandoned 6050'])
    expect(rig.releases).toEqual([])
  })

  it('a device that goes on a working link is missed after its delay', () => {
    const rig = rigLink(linkOf({ delayMs: 20 }))
    rig.wheel.advance(100)
    rig.pipe.abandon(100)
    rig.wheel.advance(1_000)

    expect(rig.told).toEqual(['opened 0', 'abandoned 120'])
  })

  it('an end of stream does not leak through a blackhole', () => {
    const rig = rigLink(linkOf({ delayMs: 20 }))
    rig.link.blackhole(true, 0)
    rig.pipe.finish('up', 1)
    rig.wheel.advance(60_000)
    const toldInside = [...rig.told]
    rig.link.blackhole(false, 60_000)
    rig.wheel.advance(200_000)

    expect(toldInside).toEqual(['opened 0'])
    expect(rig.told[1]).toMatch(/^finished up/)
  })

  it('a NAT that forgets the connection drops what comes later, or resets it', () => {
    const silent = rigLink(linkOf({}, { nat: { idleMs: 1_000, kind: 'blackhole' } }))
    const loud = rigLink(linkOf({}, { nat: { idleMs: 1_000, kind: 'reset' } }))
    for (const rig of [silent, loud]) {
      for (const atMs of [900, 1_800, 2_900]) sendAt(rig, atMs)
      rig.wheel.advance(100_000)
    }

    expect(timesOf(silent)).toEqual([900, 1_800])
    expect(loud.told).toEqual(['opened 0', 'reset 2900'])
  })
})

describe('a cell', () => {
  it('lets no device wait for what another will only send later', () => {
    const wheel = new Wheel()
    const cell = new Cell(wheel, { upBitS: 1e6, downBitS: 1e6 })
    const slow = rigLink(linkOf({ rateBitS: 8_000, queue: { bytes: 1e6 } }), { wheel, cell, device: 1 })
    const fast = rigLink(linkOf({ rateBitS: 1e6, overheadBytes: 0 }), { wheel, cell, device: 2 })
    sendAt(slow, 0, 100_000)
    sendAt(fast, 1, 125)
    wheel.advance(10_000)

    // One millisecond on its own link, one in the cell.
    expect(timesOf(fast)).toEqual([3])
  })

  it('changes its rate in mid-run, as a share of a larger cell does', () => {
    const wheel = new Wheel()
    const cell = new Cell(wheel, { upBitS: 8_000, downBitS: 8_000 })
    const rig = rigLink(linkOf({ overheadBytes: 0 }), { wheel, cell })
    sendAt(rig, 0, 1_000)
    wheel.advance(500)
    cell.up.setRate(80_000, 500)
    wheel.advance(5_000)

    expect(timesOf(rig)).toEqual([550])
    expect(cell.up.carriedBytes).toBe(1_000)
  })
})
