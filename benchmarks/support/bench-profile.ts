import { completeProfile } from '../../simulators/profile/complete.ts'
import type { Profile } from '../../simulators/profile/profile.ts'
import { type ProfileInput, profileSchema } from '../../simulators/profile/schema/profile.ts'
import type { Workload } from './driver.ts'

/** Time for the devices to connect before they publish. */
export const CONNECT_STAGE_MS = 6000
const LONGER_THAN_ANY_BENCHMARK = '10m'
/** JSON around the padding, marker included: measured, so that payloads come out at the size asked for. */
const PAYLOAD_FRAME_BYTES = 160

/** A profile as the engine uses it, from one as it stands in a file. */
export function benchProfile(input: ProfileInput): Profile {
  return completeProfile(profileSchema.parse(input), 'benchmark.flotilla.json')
}

/** The workload of a comparison as a profile: connect in silence, then publish without end. */
export function profileOf(workload: Workload): Profile {
  const { devices, qos, totalRateHz, payloadBytes, port, connectsInFlight, window, caFile } = workload
  const pad = 'x'.repeat(Math.max(0, payloadBytes - PAYLOAD_FRAME_BYTES))
  return benchProfile({
    version: 1,
    name: 'benchmark',
    broker: {
      url: `${caFile ? 'mqtts' : 'mqtt'}://127.0.0.1:${port}`,
      protocol: '3.1.1',
      ...(caFile ? { tls: { ca: caFile } } : {}),
    },
    fleets: [
      {
        count: devices,
        clientId: 'bench-{{index}}',
        connect: { rate: '1000000/s', inFlight: connectsInFlight, timeout: '30s' },
        ...(totalRateHz === 0 && qos > 0 ? { session: { inFlight: window } } : {}),
        publish: [
          {
            topic: 'bench/{{device}}',
            qos,
            rate: `${(totalRateHz || SATURATING_HZ[qos]) / devices}/s`,
            payload: {
              json: { device: '{{device}}', seq: '{{seq}}', at: '{{now}}', value: '{{uniform 0 50}}', pad },
            },
          },
        ],
      },
    ],
    stages: [
      { for: `${CONNECT_STAGE_MS}ms`, rate: 0 },
      { for: LONGER_THAN_ANY_BENCHMARK, rate: 1 },
    ],
    observe: { probe: false },
  })
}

/** More than one shard can send: an open model is saturated by asking for what it cannot do. */
const SATURATING_HZ = [250_000, 130_000, 60_000] as const
