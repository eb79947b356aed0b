import { connectAsync, type MqttClient } from 'mqtt'
import { Probe } from '../../simulators/observe/probe.ts'
import type { ProfileInput } from '../../simulators/profile/schema/profile.ts'
import { machineNowMs } from '../../simulators/run/run-clock.ts'
import { endings } from './endings.ts'
import { profileOf } from './profile-of.ts'

const RUN = 0x00c0ffee
export const PROBE_ID = 'flotilla-probe-00c0ffee-0'

/** The probe and a publisher against some broker; both end with the test. Call it once per file. */
export function probeRig() {
  const atEnd = endings()
  return {
    atEnd,
    /** A probe that has subscribed and whose run has begun; without `changes` to t/+ with QoS 1 of ten devices. */
    async probeOn(port: number, changes: Partial<ProfileInput> = {}): Promise<Probe> {
      const profile = profileOf({
        broker: { url: `mqtt://127.0.0.1:${port}` },
        fleets: [{ count: 10, publish: [{ topic: 't/{{device}}', qos: 1, every: '1s' }] }],
        ...changes,
      })
      const probe = await Probe.subscribe({ run: RUN, profile, baseDir: '.', embeddedPort: port })
      atEnd(() => probe.stop())
      probe.start(machineNowMs(), [])
      return probe
    },
    async publisherOn(port: number, protocolVersion: 4 | 5 = 5): Promise<MqttClient> {
      const client = await connectAsync(`mqtt://127.0.0.1:${port}`, { protocolVersion })
      atEnd(() => client.end(true))
      return client
    },
  }
}

/** A message of that run: number `seq` of the first stream unless changed. */
export const identity = (seq: number, changes = {}) => ({
  ...{ run: RUN, device: 0, publish: 0, qos: 1 as const, epoch: 0, seq, intendedUs: 0, sentLagUs: 0 },
  ...changes,
})

/** First receipts so far. */
export const delivered = (probe: Probe) => probe.sample().delivered[0] ?? 0
