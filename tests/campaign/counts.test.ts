import { describe, expect, it } from 'vitest'
import type { ProfileInput } from '../../simulators/profile/schema/profile.ts'
import { runInProcess } from '../support/in-process-run.ts'
import { startMosquitto } from '../support/mosquitto.ts'
import { describeWithMosquitto } from '../support/needs.ts'
import { SysCounter } from '../support/sys-counter.ts'

type QosInput = NonNullable<ProfileInput['fleets'][number]['publish']>[number]['qos']

const DEVICES = 50

/** What a run of 50 devices on a Mosquitto of its own has sent, and how much three of its counters grew. */
async function counted(
  protocol: 4 | 5,
  qos: QosInput,
  atEnd: (ending: () => Promise<void>) => void,
  { probe, retain }: { probe: false | { qos?: 0 | 1 | 2 }; retain: boolean },
) {
  const mosquitto = await startMosquitto({ settings: ['sys_interval 1', 'max_queued_messages 0'] })
  const names = ['publish/messages/received', 'messages/received', 'publish/messages/dropped']
  atEnd(() => mosquitto.stop())
  const counter = await SysCounter.watch(mosquitto.port, names)
  atEnd(() => counter.stop())
  const before = await counter.read()
  const publish = [
    { topic: 't/{{device}}', qos, rate: '60/s' },
    { topic: 'state/{{device}}', qos, rate: '5/s', retain },
  ]
  const report = await runInProcess({
    version: 1,
    broker: { url: `mqtt://127.0.0.1:${mosquitto.port}`, protocol },
    fleets: [{ count: DEVICES, connect: { rate: '1000/s' }, publish }],
    stages: [{ for: '1s' }],
    observe: { probe },
  }).done
  const after = await counter.read()
  const [publishes = 0, packets = 0, dropped = 0] = after.map((value, at) => value - (before[at] ?? 0))
  return { report, publishes, packets, dropped }
}

describeWithMosquitto('the books', () => {
  describe.concurrent('of devices', () => {
    // The probe only subscribes and what Mosquitto says in $SYS is not counted as received, so every PUBLISH that it has
    // received is one of ours.
    it.for([
      [4, 0],
      [5, 0],
      [4, 1],
      [5, 1],
    ] as const)(
      'equal the PUBLISH packets that Mosquitto received, to the message (MQTT %i, QoS %i)',
      { timeout: 60_000 },
      async ([protocol, qos], { onTestFinished }) => {
        const { report, publishes, dropped } = await counted(protocol, qos, onTestFinished, {
          probe: {},
          retain: false,
        })

        expect(report.books.sent).toBeGreaterThan(2_500)
        expect(publishes).toBe(report.books.sent)
        expect(dropped).toBe(0)
        expect(report.observers.mqtt).toMatchObject({
          ...{ delivered: publishes, lost: 0, missing: 0, duplicates: 0, reordered: 0 },
        })
      },
    )

    // Mosquitto 2.0 leaves QoS 2 and retained messages out of that counter (it compares the fixed header under the mask
    // 0xf5). The counter of all packets has them: without a probe it grows by CONNECT and DISCONNECT of each device, one
    // packet per message of QoS 0 and 1, and two (PUBLISH and PUBREL) per message of QoS 2.
    it.for([
      [0, true],
      [1, true],
      [2, false],
      [2, true],
    ] as const)(
      'equal all packets that Mosquitto received (QoS %i, some retained: %s)',
      { timeout: 60_000 },
      async ([qos, retain], { onTestFinished }) => {
        const { report, packets } = await counted(5, qos, onTestFinished, { probe: false, retain })

        const { sent } = report.books
        expect(sent).toBeGreaterThan(2_500)
        expect(packets).toBe(2 * DEVICES + sent * (qos === 2 ? 2 : 1))
      },
    )
  })
})
