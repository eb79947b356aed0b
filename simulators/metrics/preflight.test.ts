import { describe, expect, it } from 'vitest'
import type { FleetLoadSummary } from '../plan/load.ts'
import { assessPreflight, type MachineLimits } from './preflight.ts'

const machine: MachineLimits = {
  platform: 'linux',
  openFiles: 1_048_576,
  ephemeralPorts: 28_232,
  memoryBytes: 8e9,
  cores: 8,
}

function fleet(devices: number, facts: Partial<FleetLoadSummary> = {}): FleetLoadSummary {
  return {
    name: 'meters',
    devices,
    peakWanted: devices,
    peakConnected: devices,
    ratePerDeviceHz: 1,
    peakRateHz: devices,
    messages: devices * 60,
    target: 'mqtt://broker:1883',
    tls: false,
    ...facts,
  }
}

function assess(fleets: FleetLoadSummary[], limits: Partial<MachineLimits> = {}, shards = 1) {
  const devices = fleets.reduce((sum, each) => sum + each.devices, 0)
  const rate = fleets.reduce((sum, each) => sum + each.peakRateHz, 0)
  const load = { devices, peakTotalRateHz: rate, peakQos0RateHz: rate, peakQos12RateHz: 0, perFleet: fleets }
  return assessPreflight(load, { ...machine, ...limits }, shards)
}

describe('the pre-flight check', () => {
  it('has nothing to say of a run that fits', () => {
    expect(assess([fleet(5_000)])).toEqual({ problems: [], warnings: [] })
  })

  it('foretells that file handles run out, and how to raise them', () => {
    const { problems } = assess([fleet(5_000)], { openFiles: 1_024 })

    expect(problems).toMatchObject([
      { code: 'FILE_HANDLES', hint: expect.stringContaining('ulimit -n 5064') },
    ])
    expect(assess([fleet(5_000)], { openFiles: 1_024 }, 6).problems).toEqual([])
    expect(assess([fleet(5_000)], { openFiles: 1_024, platform: 'win32' }).problems[0]?.hint).not.toMatch(
      /ulimit/,
    )
    expect(assess([fleet(5_000)], { openFiles: null }).problems).toEqual([])
  })

  it('counts the handles of the embedded broker, which no shard shares', () => {
    const { problems } = assess([fleet(5_000, { target: null })], { openFiles: 4_096 }, 5)

    expect(problems).toMatchObject([
      { code: 'FILE_HANDLES', message: expect.stringContaining('the embedded broker') },
    ])
  })

  it('foretells that ephemeral ports run out, per broker', () => {
    const two = [fleet(20_000), fleet(20_000, { target: 'mqtt://other' })]
    const same = [fleet(20_000), fleet(20_000, { target: 'mqtt://broker' })]

    expect(assess(two, {}, 4).problems).toEqual([])
    expect(assess(same, {}, 4).problems).toMatchObject([
      {
        code: 'EPHEMERAL_PORTS',
        message: expect.stringContaining('broker:1883'),
        hint: expect.stringContaining('net.ipv4.ip_local_port_range'),
      },
    ])
    expect(assess(same, { platform: 'win32' }, 4).problems[0]?.hint).toMatch(/netsh int ipv4/)
    expect(assess(same, { platform: 'darwin' }, 4).problems[0]?.hint).toMatch(/portrange/)
  })

  it('warns when reconnects may find no port', () => {
    const { problems, warnings } = assess([fleet(25_000)], {}, 3)

    expect(problems).toEqual([])
    expect(warnings.map((warning) => warning.code)).toEqual(['EPHEMERAL_PORTS'])
  })

  it('foretells that memory runs short, TLS counted', () => {
    const plain = assess([fleet(10_000)], { memoryBytes: 1e9 })
    const tls = assess([fleet(10_000, { tls: true })], { memoryBytes: 1e9 })
    const far = assess([fleet(10_000, { tls: true })], { memoryBytes: 0.7e9 })

    expect(plain).toEqual({ problems: [], warnings: [] })
    expect(tls.warnings.map((warning) => warning.code)).toEqual(['MEMORY'])
    expect(far.problems).toMatchObject([
      { code: 'MEMORY', message: 'the run needs about 720\u2009MB of memory, and 700\u2009MB are free' },
    ])
  })

  it('warns when the load asks for more shards than will run', () => {
    const { warnings } = assess([fleet(5_000, { peakRateHz: 100_000 })], { cores: 2 })

    expect(warnings).toMatchObject([
      { code: 'CPU', message: expect.stringContaining('ask for 3 shards, and 1 will run on 2 cores') },
    ])
  })

  it('warns of devices that will never connect', () => {
    expect(assess([fleet(1_000, { peakConnected: 200 })]).warnings).toMatchObject([
      {
        code: 'CONNECT_RATE',
        message: 'connect.rate will let 200 of the 1\u2009000 devices of meters connect before the run ends',
      },
    ])
    expect(assess([fleet(1_000, { peakWanted: 0, peakConnected: 0 })]).warnings).toMatchObject([
      { message: expect.stringContaining('the stages will let 0 of the') },
    ])
    expect(assess([fleet(1_000, { peakWanted: 500, peakConnected: 500 })]).warnings).toEqual([])
    expect(assess([fleet(0)]).warnings).toEqual([])
  })
})
