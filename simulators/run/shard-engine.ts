import { StreamRecorder } from '../delivery/stream-recorder.ts'
import type { StreamBook } from '../delivery/types.ts'
import { type Device, DeviceSession, type DeviceStream } from '../device/device.ts'
import {
  CONNECT_TASK,
  type DeviceContext,
  type DeviceEvent,
  FIRST_ENTRY_TASK,
} from '../device/device-context.ts'
import { DueHeap } from '../device/due-heap.ts'
import { FlushQueue } from '../device/flush-queue.ts'
import type { InboundMessage } from '../device/inbound-message.ts'
import type { Closure, Flight, OpenTransport, RunClock } from '../device/ports.ts'
import { reasonText } from '../device/reason-codes.ts'
import type { Session } from '../device/session.ts'
import type { ConnectedInfo, SessionHooks, SessionHost } from '../device/session-settings.ts'
import { Slab } from '../device/slab.ts'
import type { LatencyHistogram } from '../metrics/histogram.ts'
import type { QoS } from '../profile/profile.ts'
import { EventLog } from './event-log.ts'

/** Tasks of one turn of the event loop, about a millisecond of work. */
const TASKS_PER_TURN = 128
/** Tasks between two looks at the clock. */
const TASKS_PER_LOOK = 16
/** Every device is looked at for keep-alive and timeouts once in this time, a slice of them at a time. */
const SWEEP_MS = 1_000
const SLICE_MS = 50
/** PUBACK: accepted, and nobody is subscribed (MQTT 5 section 3.4.2.1). */
const NO_MATCHING_SUBSCRIBERS = 0x10
/** Reason codes from here on are failures (MQTT 5 section 2.4). */
const FIRST_FAILURE = 0x80

/** Histograms of one fleet since the last sample. */
export interface FleetHistograms {
  ack: LatencyHistogram
  connect: LatencyHistogram
}

export interface EngineFacts {
  clock: RunClock
  /** Tasks that one device can have at most. */
  stride: number
  /** Per fleet. */
  histograms: readonly FleetHistograms[]
  lateness: LatencyHistogram
  open: (device: Device) => OpenTransport
  /** Links of the devices, when any fleet has them. */
  links?: LinkClockwork | undefined
}

/** What an engine turns beside its own schedule. */
export interface LinkClockwork {
  advance(nowMs: number): number
  readonly nextDueMs: number
}

/**
 * Drives the devices of a shard on one schedule. Time comes in through `advance`: nothing here owns a timer,
 * so a test may run hours in a moment.
 */
export class ShardEngine implements DeviceContext<Device>, SessionHooks<DeviceStream> {
  readonly sessions: SessionHost<DeviceStream>
  readonly log = new EventLog()
  readonly #clock: RunClock
  readonly #heap = new DueHeap()
  readonly #histograms: readonly FleetHistograms[]
  readonly #late: LatencyHistogram
  readonly #open: (device: Device) => OpenTransport
  readonly #links: LinkClockwork | undefined
  readonly #recorders: StreamRecorder[] = []
  /** Tasks of the device at place n are n * stride + task. */
  readonly #stride: number
  readonly #devices: Device[] = []
  #sweptTo = 0
  #nextSliceMs = 0
  #isDraining = false
  #isOver = false

  constructor(facts: EngineFacts) {
    this.#clock = facts.clock
    this.#stride = facts.stride
    this.#histograms = facts.histograms
    this.#late = facts.lateness
    this.#open = facts.open
    this.#links = facts.links
    this.sessions = { hooks: this, slab: new Slab(), flushQueue: new FlushQueue() }
  }

  get devices(): readonly Device[] {
    return this.#devices
  }

  add(device: Device): void {
    this.#devices[device.place] = device
  }

  /**
   * Runs what is due, up to a bounded number of tasks, and returns when to be called again, ms of the run: not later than now
   * when something due is left. A turn without end would keep acknowledgements waiting and send with the time of its start.
   */
  advance(nowMs: number): number {
    const heap = this.#heap
    let now = nowMs
    this.#links?.advance(now)
    for (let left = TASKS_PER_TURN; left > 0 && heap.nextDue <= now; left -= 1) {
      const number = heap.pop()
      const task = number % this.#stride
      const device = this.#devices[(number - task) / this.#stride]
      if (device && !(this.#isDraining && isNew(device, task))) device.run(task, now)
      if (left % TASKS_PER_LOOK === 0) now = Math.max(now, this.#clock())
    }
    if (now >= this.#nextSliceMs) this.#sweep(now)
    this.sessions.flushQueue.flushNow()
    return Math.min(heap.nextDue, this.#nextSliceMs, this.#links?.nextDueMs ?? Number.POSITIVE_INFINITY)
  }

  /** When the next task is due, ms of the run. */
  get nextDueMs(): number {
    return this.#heap.nextDue
  }

  /** From here on nothing new is generated and nobody new connects; what waits and what is in flight goes on. */
  drain(): void {
    this.#isDraining = true
  }

  /** Nothing waits and nothing is in flight in any device. */
  get quiet(): boolean {
    return this.#devices.every((device) => device.quiet)
  }

  /** Ends every device; the books are final after this. */
  finish(): void {
    this.#isDraining = true
    this.#isOver = true
    for (const device of this.#devices) device.finish()
    this.sessions.flushQueue.flushNow()
  }

  *books(): Generator<StreamBook> {
    for (const recorder of this.#recorders) yield recorder.book()
  }

  schedule(device: Device, task: number, dueMs: number): void {
    this.#heap.push(dueMs, device.place * this.#stride + task)
  }

  transport(device: Device): OpenTransport {
    return this.#open(device)
  }

  createRecorder(device: Device, entry: number, qos: QoS): StreamRecorder {
    const recorder = new StreamRecorder({ device: device.number, publish: entry, qos, epoch: 0 })
    this.#recorders.push(recorder)
    return recorder
  }

  lateness(us: number): void {
    this.#late.record(us)
  }

  event(device: Device, what: DeviceEvent, nowMs: number): void {
    this.log.add(device.fleet.index, what, device.name, nowMs)
  }

  deviceConnected(device: Device, sinceAskedMs: number): void {
    this.#histograms[device.fleet.index]?.connect.record(sinceAskedMs * 1_000)
  }

  connected(session: Session<DeviceStream>, info: ConnectedInfo): void {
    if (session instanceof DeviceSession) session.device.connected(info, this.#clock())
  }

  closed(session: Session<DeviceStream>, closure: Closure): void {
    if (session instanceof DeviceSession) session.device.closed(closure, this.#clock())
  }

  acknowledged(_session: Session<DeviceStream>, flight: Flight<DeviceStream>, reasonCode: number): void {
    // The books are closed: what comes now came too late.
    if (this.#isOver) return
    const { device, recorder } = flight.tag
    const { fleet } = device
    const nowMs = this.#clock()
    this.#histograms[fleet.index]?.ack.record((nowMs - flight.sentMs) * 1_000)
    if (reasonCode < FIRST_FAILURE) {
      fleet.acked += 1
      if (reasonCode === NO_MATCHING_SUBSCRIBERS) fleet.ackedWithoutSubscriber += 1
    } else {
      fleet.rejected += 1
      recorder.rejected(flight.seq, reasonCode)
      this.event(
        device,
        { kind: 'rejected', text: `message rejected: ${reasonText('puback', reasonCode)}` },
        nowMs,
      )
    }
    device.acknowledged()
  }

  abandoned(_session: Session<DeviceStream>, flight: Flight<DeviceStream>): void {
    flight.tag.device.abandoned(flight)
  }

  received(session: Session<DeviceStream>, _message: InboundMessage): void {
    if (session instanceof DeviceSession) session.device.fleet.received += 1
  }

  subscribed(session: Session<DeviceStream>, reasonCodes: readonly number[]): void {
    if (!(session instanceof DeviceSession)) return
    const { device } = session
    reasonCodes.forEach((code, index) => {
      if (code < FIRST_FAILURE) return
      // The template, so that equal ones of many devices are one event.
      const topic = device.fleet.fleet.subscribe[index]?.topic ?? ''
      const text = `subscription to ${topic} refused: ${reasonText('suback', code)}`
      this.event(device, { kind: 'subscribe-failed', text }, this.#clock())
    })
  }

  writable(session: Session<DeviceStream>): void {
    if (session instanceof DeviceSession) session.device.flush(this.#clock())
  }

  #sweep(nowMs: number): void {
    const count = Math.ceil((this.#devices.length * SLICE_MS) / SWEEP_MS)
    for (let n = 0; n < count; n += 1) {
      if (this.#sweptTo >= this.#devices.length) this.#sweptTo = 0
      this.#devices[this.#sweptTo]?.session.tick(nowMs)
      this.#sweptTo += 1
    }
    this.#nextSliceMs = nowMs + SLICE_MS
  }
}

/** Whether a task begins something, where a drain only brings to an end. */
function isNew(device: Device, task: number): boolean {
  return task >= FIRST_ENTRY_TASK || (task === CONNECT_TASK && device.isOff)
}
