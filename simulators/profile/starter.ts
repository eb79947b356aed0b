import { PROFILE_VERSION, type ProfileInput } from './schema/profile.ts'

const DESCRIPTION =
  'A first test: ten devices send JSON for half a minute to the broker that Flotilla brings along. Run it with: flotilla run FILE. To test a broker of yours add "broker": { "url": "mqtt://host:1883" }. "flotilla schema > profile.schema.json" beside this file lets your editor complete and explain every key; docs/profile.md is the reference.'

/** The profile that `flotilla init` writes: small, valid, and explained by its description and its schema. */
export function starterProfile(name: string): string {
  const profile: ProfileInput = {
    $schema: './profile.schema.json',
    version: PROFILE_VERSION,
    name,
    description: DESCRIPTION,
    seed: 1,
    fleets: [
      {
        name: 'sensors',
        count: 10,
        publish: [
          {
            topic: 'site/{{device}}/telemetry',
            qos: 1,
            every: '1s',
            arrival: 'jitter',
            payload: {
              json: { at: '{{iso}}', temperature: '{{walk 21 0.2 1}}', state: '{{pick ok ok ok alarm}}' },
            },
          },
        ],
      },
    ],
    stages: [
      { for: '5s', devices: '100%' },
      { for: '25s', rate: 1 },
    ],
    drain: { grace: '5s', quiet: '1s' },
    thresholds: ['lost == 0', 'duplicates == 0', 'reordered == 0', 'e2e.p99 < 1s'],
  }
  return `${JSON.stringify(profile, null, 2)}\n`
}
