import { expect } from 'vitest'
import type { ProfileInput } from '../../simulators/profile/schema/profile.ts'
import { checkBalance } from '../../simulators/report/balance.ts'
import type { Report } from '../../simulators/report/schema.ts'
import type { RunHandle, RunOptions } from '../../simulators/run/run-options.ts'
import { runInProcess } from './in-process-run.ts'
import { type SinfulBroker, type Sins, startSinfulBroker } from './sinful-broker.ts'

type FleetInput = ProfileInput['fleets'][number]
type PublishInput = NonNullable<FleetInput['publish']>[number]

/** Four devices that send 20 messages of QoS 1 each within 400 ms, and a drain that suits a test. */
export function trapProfile({
  publish = {},
  fleet = {},
  ...changes
}: Partial<ProfileInput> & { publish?: Partial<PublishInput>; fleet?: Partial<FleetInput> }): ProfileInput {
  return {
    version: 1,
    fleets: [
      {
        name: 'meters',
        count: 4,
        connect: { rate: '1000/s' },
        reconnect: { policy: 'fixed', delay: '100ms' },
        publish: [{ topic: 't/{{device}}', qos: 1, every: '20ms', limit: 20, ...publish }],
        ...fleet,
      },
    ],
    stages: [{ for: '700ms' }],
    drain: { grace: '500ms', quiet: '300ms' },
    ...changes,
  }
}

/** For `describe`: a machine that pauses in mid-run says nothing about the checker, which notices it, so the test is made again. */
export const UNLESS_PAUSED = {
  retry: { count: 4, delay: 500, condition: /^This machine paused/ },
  timeout: 40_000,
}

/** To be asked of every report before anything else is. */
export function mustHaveKeptUp({ generator, observers: { mqtt } }: Report): void {
  const stalls = (mqtt?.health.blind ?? []).filter(({ why }) => why.includes('stood still'))
  if (!generator.saturated && stalls.length === 0) return
  throw new Error(`This machine paused: ${generator.behind} messages behind; ${stalls.map(({ why }) => why)}`)
}

export interface Trap {
  broker: SinfulBroker
  run: RunHandle
}

/**
 * Runs a trap: a sinful broker, a fleet, and a report whose books must balance. `act` may do something to the broker
 * while the run goes on.
 */
export async function fall(
  sins: Partial<Sins>,
  changes: Parameters<typeof trapProfile>[0] = {},
  act: (trap: Trap) => unknown = () => undefined,
  options: Partial<RunOptions> = {},
): Promise<{ report: Report; broker: SinfulBroker }> {
  const broker = await startSinfulBroker(sins)
  try {
    const profile = trapProfile(changes)
    const url = `mqtt://127.0.0.1:${broker.port}`
    const run = runInProcess({ ...profile, broker: { url, protocol: 5, ...profile.broker } }, options)
    await act({ broker, run })
    const report = await run.done
    expect(checkBalance(report)).toEqual([])
    mustHaveKeptUp(report)
    return { report, broker }
  } finally {
    await broker.stop()
  }
}

/** Waits until a broker holds this: for acts in mid-run. */
export async function acceptedBy(broker: SinfulBroker, count: number): Promise<void> {
  while (broker.truth.counts().accepted < count) await new Promise((resolve) => setTimeout(resolve, 2))
}

/** What a report says in short: the verdict, and why by code. */
export function told({ verdict, reasons }: Report): string[] {
  return [verdict, ...reasons.map(({ code }) => code)]
}

export function findingsTold({ observers: { mqtt } }: Report): string[] {
  const line = (grade: string) => (finding: { kind: string; qos: number; count: number }) =>
    `${grade} ${finding.kind} ${finding.count}`
  return [
    ...(mqtt?.violations ?? []).map(line('violation')),
    ...(mqtt?.observations ?? []).map(line('observation')),
  ]
}
