import type { ProfileInput } from '../../simulators/profile/schema/profile.ts'
import { seeded } from '../support/seeded.ts'
import type { Sins } from '../support/sinful-delivery.ts'

/** Messages that every case sends at least. */
export const MESSAGES = 10_000

/** One random run: what the broker does wrong, and what the fleets do. */
export interface SinfulCase {
  sins: Partial<Sins>
  profile(port: number): ProfileInput
  /** In words, for whoever has to find out why it failed. */
  told: string
}

/** The case of a seed: always the same one. */
export function sinfulCase(seed: number): SinfulCase {
  const chance = seeded(seed)
  const whole = (from: number, to: number) => from + Math.floor(chance() * (to - from + 1))
  // The index is always one of the list, which is never empty.
  const pick = <Value>(values: readonly Value[]): Value => values[whole(0, values.length - 1)] as Value
  const often = (share: number, most: number) => (chance() < share ? chance() * most : 0)

  const sins = {
    drop: often(0.8, 0.1),
    duplicate: often(0.8, 0.1),
    reorder: often(0.8, 0.1),
    reject: often(0.3, 0.05),
    rejectReason: pick([0x80, 0x83, 0x87, 0x97, 0x99]),
    ackReason: pick([0, 0, 0x10]),
  }
  const connections = pick([1, 1, 2, 3])
  const payload = () =>
    pick<NonNullable<PublishInput['payload']>>([
      { json: { at: '{{iso}}', value: '{{walk 20 1}}' } },
      { text: '{{seq}} {{uniform 0 9}}' },
      { csv: ['{{device}}', '{{now}}'] },
      { binary: { size: 40 }, marker: 'prefix' },
      { binary: { size: 24 }, marker: 'suffix' },
    ])
  const entry = (fleet: number, at: number, protocol: 4 | 5, limit: number): PublishInput => ({
    topic: pick([`f${fleet}/{{device}}/${at}`, `f${fleet}/all/${at}`, `f${fleet}/${at}/{{pick a b c}}`]),
    qos: pick<PublishInput['qos']>([0, 1, 1, 2, { '0': 1, '1': 1 }, { '0': 1, '1': 1, '2': 1 }]),
    // A burst at the start of each period: as fast as the machine can, without waiting for a clock.
    rate: `${limit * 2}/s`,
    arrival: pick<PublishInput['arrival']>(['constant', 'jitter', 'poisson', { burst: 20 }]),
    limit,
    marker: protocol === 5 ? pick(['payload', 'property', 'both'] as const) : 'payload',
    payload: payload(),
  })
  const fleets = Array.from({ length: whole(1, 3) }, (_, fleet) => ({
    protocol: pick([4, 5] as const),
    count: whole(4, 16),
    entries: whole(1, 3),
    fleet,
  }))
  const streams = fleets.reduce((sum, { count, entries }) => sum + count * entries, 0)
  const limit = Math.ceil(MESSAGES / streams)
  const inputs = fleets.map(({ protocol, count, entries, fleet }) => ({
    name: `f${fleet}`,
    count,
    broker: { protocol },
    connect: { rate: '2000/s' },
    session: { inFlight: pick([10, 100, 1_000]) },
    offline: { store: 100_000 },
    publish: Array.from({ length: entries }, (_, at) => entry(fleet, at, protocol, limit)),
  }))
  return {
    sins,
    told: JSON.stringify({ seed, sins, connections, fleets: inputs }),
    profile: (port) => ({
      version: 1,
      seed,
      broker: { url: `mqtt://127.0.0.1:${port}`, protocol: 5 },
      fleets: inputs,
      // Twice the time that the plan needs: Poisson messages come when they like.
      stages: [{ for: '1500ms' }],
      observe: { probe: { connections } },
      drain: { grace: '600ms', quiet: '400ms' },
    }),
  }
}

type PublishInput = NonNullable<ProfileInput['fleets'][number]['publish']>[number]
