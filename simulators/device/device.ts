import type { DeviceSpan } from '../plan/arrivals.ts'
import type { Random } from '../plan/random.ts'
import { CONNECT_TASK, type DeviceContext, FIRST_ENTRY_TASK, LEAVE_TASK } from './device-context.ts'
import type { DeviceEntry, EntryStream } from './device-entry.ts'
import type { FleetRuntime } from './fleet-runtime.ts'
import type { Closure, Flight, PublishRequest } from './ports.ts'
import { reconnectDelayMs } from './reconnect.ts'
import { Sender } from './sender.ts'
import { Session } from './session.ts'
import type { ConnectedInfo, PublishOutcome, SessionHost, SessionSettings } from './session-settings.ts'

/** How long a device that is told to leave waits for its acknowledgements. */
const LEAVE_MS = 5_000

/** One stream of a device: the tag of its messages. */
export type DeviceStream = EntryStream<Device>

type State = 'off' | 'asking' | 'connecting' | 'up' | 'down' | 'leaving' | 'over'

/** A session that knows whose it is, so that the hooks all sessions share find the device. */
export class DeviceSession extends Session<DeviceStream> {
  readonly device: Device

  constructor(settings: SessionSettings, host: SessionHost<DeviceStream>, device: Device) {
    super(settings, host)
    this.device = device
  }
}

/** One simulated device: when it connects, what it sends, what it does when it cannot. Its state is data; nothing here throws. */
export class Device extends Sender<Device> {
  /** Counts over all fleets of the profile. */
  readonly number: number
  /** Counts the devices of this shard. */
  readonly place: number
  /** Counts the devices of its fleet. */
  readonly index: number
  readonly name: string
  readonly session: DeviceSession
  readonly #spans: readonly DeviceSpan[]
  readonly #random: Random
  #state: State = 'off'
  #span = -1
  #failures = 0
  #askedMs = 0
  /** When a device that is told to leave stops waiting for its acknowledgements. */
  #leaveByMs = 0
  #everConnected = false
  #up = false

  constructor(facts: {
    number: number
    place: number
    index: number
    name: string
    fleet: FleetRuntime
    spans: readonly DeviceSpan[]
    random: Random
    context: DeviceContext<Device>
    sessions: SessionHost<DeviceStream>
    settings: SessionSettings
    request: PublishRequest<DeviceStream>
    entries: readonly DeviceEntry<Device>[]
  }) {
    super(facts)
    this.number = facts.number
    this.place = facts.place
    this.index = facts.index
    this.name = facts.name
    this.#spans = facts.spans
    this.#random = facts.random
    this.session = new DeviceSession(facts.settings, facts.sessions, this)
    this.#nextSpan()
  }

  get state(): State {
    return this.#state
  }

  /** True when nothing waits in the device and nothing is in flight, the first connection included; or when nothing will ever change. */
  get quiet(): boolean {
    const isAway = this.#state === 'down' && this.fleet.fleet.reconnect.policy === 'none'
    if (this.#state === 'off' || isAway) return true
    const isArriving = !this.#everConnected && (this.#state === 'asking' || this.#state === 'connecting')
    return this.#isEmpty && !isArriving
  }

  /** The plan has not called it yet, or has sent it away. */
  get isOff(): boolean {
    return this.#state === 'off'
  }

  protected get self(): Device {
    return this
  }

  protected get isUp(): boolean {
    return this.#state === 'up'
  }

  protected publish(request: PublishRequest<DeviceStream>, nowMs: number): PublishOutcome {
    return this.session.publish(request, nowMs)
  }

  /** The plan has it on the network, whether or not it is connected. */
  get #isWanted(): boolean {
    return this.#state !== 'leaving' && this.#state !== 'off' && this.#state !== 'over'
  }

  get #isEmpty(): boolean {
    return this.waiting === 0 && this.session.inFlight === 0
  }

  /** Runs one of its tasks. */
  run(task: number, nowMs: number): void {
    if (task >= FIRST_ENTRY_TASK) {
      if (this.#isWanted) this.publishDue(task - FIRST_ENTRY_TASK, nowMs)
    } else if (task === CONNECT_TASK) this.#ask(nowMs)
    else this.#leave(nowMs)
  }

  /** A slot of the fleet's connect gate is ours. */
  beginConnect(nowMs: number): void {
    if (this.#state !== 'asking') {
      this.fleet.connectEnded(nowMs)
      return
    }
    this.#state = 'connecting'
    this.session.connect(this.context.transport(this), nowMs)
  }

  connected(info: ConnectedInfo, nowMs: number): void {
    const { fleet } = this
    this.#state = this.#state === 'leaving' ? 'leaving' : 'up'
    if (this.#everConnected) fleet.reconnects += 1
    else fleet.everConnected += 1
    this.#everConnected = true
    this.#failures = 0
    this.#up = true
    fleet.connected += 1
    this.context.deviceConnected(this, nowMs - this.#askedMs)
    if (info.sessionPresent) this.context.event(this, { kind: 'session', text: 'session resumed' }, nowMs)
    fleet.connectEnded(nowMs)
    this.flush(nowMs)
  }

  closed(closure: Closure, nowMs: number): void {
    const { fleet } = this
    const wasUp = this.#up
    this.#up = false
    if (wasUp) fleet.connected -= 1
    else fleet.connectEnded(nowMs)
    if (this.#state === 'leaving' || this.#state === 'over') {
      if (this.#state === 'leaving') this.#gone()
      return
    }
    if (wasUp) fleet.disconnects += 1
    else fleet.connectFailures += 1
    this.context.event(
      this,
      { kind: wasUp ? 'disconnected' : 'connect-failed', text: closure.text, closure: closure.kind },
      nowMs,
    )
    if (fleet.fleet.offline === 'drop') this.dropWaiting('offline')
    this.#failures += 1
    this.#state = 'down'
    const delayMs = reconnectDelayMs(fleet.fleet.reconnect, this.#failures, this.#random.next())
    if (delayMs !== Number.POSITIVE_INFINITY) this.context.schedule(this, CONNECT_TASK, nowMs + delayMs)
  }

  /** Window or socket have room again. */
  flush(nowMs: number): void {
    this.sendWaiting(nowMs)
    if (this.#state === 'leaving' && this.#isEmpty) this.session.disconnect()
  }

  /** One of its messages has had its final answer. */
  acknowledged(): void {
    if (this.#state === 'leaving' && this.#isEmpty) this.session.disconnect()
  }

  /** The session that one of its messages was in flight in is lost. */
  abandoned(flight: Flight<DeviceStream>): void {
    // finish() has already put it in doubt, as never acknowledged.
    if (this.#state !== 'over') flight.tag.recorder.inDoubt(flight.seq, 'session-lost')
  }

  /** Ends the device for good: what waits was never sent, what is in flight stays in doubt. */
  finish(): void {
    this.dropWaiting(this.#everConnected ? 'still-queued' : 'never-connected')
    for (const flight of this.session.flights()) flight.tag.recorder.inDoubt(flight.seq, 'unacknowledged')
    this.#state = 'over'
    this.session.disconnect()
  }

  /** The plan's next time for this device to be connected. */
  #nextSpan(): void {
    const span = this.#spans[this.#span + 1]
    if (!span) return
    this.context.schedule(this, CONNECT_TASK, span.connectMs)
  }

  #ask(nowMs: number): void {
    if (this.#state === 'off') {
      const span = this.#spans[this.#span + 1]
      // The plan sent it away while it was to reconnect: that task is not the plan's next call.
      if (!span || span.connectMs > nowMs) return
      this.#span += 1
      if (span.disconnectMs !== Number.POSITIVE_INFINITY)
        this.context.schedule(this, LEAVE_TASK, span.disconnectMs)
      this.startPublishing(span.connectMs)
    } else if (this.#state !== 'down') return
    this.#state = 'asking'
    this.#askedMs = nowMs
    this.fleet.requestConnect(this, nowMs)
  }

  /** First the plan's word to leave, then (the same task again) the end of its patience. Either may come when it is history. */
  #leave(nowMs: number): void {
    if (this.#state === 'leaving') {
      if (nowMs >= this.#leaveByMs) this.session.disconnect()
      return
    }
    const span = this.#spans[this.#span]
    if (this.#state === 'off' || this.#state === 'over' || !span || span.disconnectMs > nowMs) return
    const wasOpen = this.#state === 'up' || this.#state === 'connecting'
    this.#state = 'leaving'
    if (!wasOpen) this.#gone()
    else if (this.#isEmpty) this.session.disconnect()
    else {
      this.#leaveByMs = nowMs + LEAVE_MS
      this.context.schedule(this, LEAVE_TASK, this.#leaveByMs)
    }
  }

  #gone(): void {
    this.dropWaiting('still-queued')
    this.#state = 'off'
    this.#nextSpan()
  }
}
