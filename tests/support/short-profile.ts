import type { ProfileInput } from '../../simulators/profile/schema/profile.ts'

type FleetInput = ProfileInput['fleets'][number]

export interface ShortProfile extends Omit<Partial<ProfileInput>, 'fleets' | 'broker'> {
  /** Of a broker on this machine; the embedded broker when left out. */
  port?: number
  broker?: ProfileInput['broker']
  /** What differs from five devices that publish ten times a second at QoS 1. */
  fleet?: Partial<FleetInput>
  fleets?: FleetInput[]
  /** "2s" when left out. */
  for?: string
}

/** A profile whose run takes some two seconds. */
export function shortProfile({
  port,
  broker,
  fleet,
  fleets,
  for: duration = '2s',
  ...rest
}: ShortProfile = {}): ProfileInput {
  const url = port === undefined ? undefined : `mqtt://127.0.0.1:${port}`
  return {
    version: 1,
    broker: { ...(url && { url }), ...broker },
    fleets: fleets ?? [
      {
        name: 'meters',
        count: 5,
        publish: [{ topic: 'site/{{device}}/telemetry', qos: 1, every: '100ms' }],
        reconnect: { policy: 'fixed', delay: '200ms' },
        ...fleet,
      },
    ],
    stages: [{ for: duration }],
    drain: { grace: '1s', quiet: '200ms' },
    ...rest,
  }
}
