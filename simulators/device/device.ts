import type { StreamRecorder } from '../delivery/stream-recorder.ts'
import type { NotSentReason } from '../delivery/types.ts'
import { BEHIND_MS } from '../metrics/health.ts'
import type { DeviceSpan } from '../plan/arrivals.ts'
import type { QosMix } from '../plan/qos-mix.ts'
import type { Random } from '../plan/random.ts'
import type { Schedule } from '../plan/schedule.ts'
import type { QoS } from '../profile/profile.ts'
import type { FleetRuntime } from './fleet-runtime.ts'
import { Outbox, type Waiting } from './outbox.ts'
import type { DevicePublisher } from './payload/publisher.ts'
import type { Closure, Flight, Moment, OpenTransport, PublishBody, PublishRequest } from './ports.ts'
import { reconnectDelayMs } from './reconnect.ts'
import { Session } from './session.ts'
import type { ConnectedInfo, SessionHost, SessionSettings } from './session-settings.ts'

/** How long a device that is told to leave waits for its acknowledgements. */
const LEAVE_MS = 5_000
/** Room for messages that wait for the in-flight window when the offline policy keeps none. */
const WINDOW_QUEUE = 100

/** Tasks of a device in the heap; its publish entries follow from FIRST_ENTRY_TASK on. */
export const CONNECT_TASK = 0
export const LEAVE_TASK = 1
export const FIRST_ENTRY_TASK = 2

/** One stream of a device: one publish entry at one QoS. It travels with each message as the session's tag. */
export interface DeviceStream {
  readonly device: Device
  readonly recorder: StreamRecorder
  readonly body: PublishBody
}

/** One publish entry of one device. */
export interface DeviceEntry {
  readonly publisher: DevicePublisher
  readonly schedule: Schedule
  readonly mix: QosMix
  readonly retain: boolean
  /** Intended time of the message that is due next, ms. */
  dueMs: number
  readonly streams: [DeviceStream | null, DeviceStream | null, DeviceStream | null]
}

export type EventKind =
  | 'connect-failed'
  | 'disconnected'
  | 'session'
  | 'rejected'
  | 'not-sent'
  | 'subscribe-failed'

/** Something worth telling: equal ones are counted together. */
export interface DeviceEvent {
  kind: EventKind
  text: string
  /** How a connection, or an attempt at one, ended. */
  closure?: Closure['kind']
}

/** What a device needs from the shard that drives it. */
export interface DeviceContext {
  /** Puts a task of a device on the shard's schedule. */
  schedule(device: Device, task: number, dueMs: number): void
  readonly sessions: SessionHost<DeviceStream>
  transport(device: Device): OpenTransport
  createRecorder(device: Device, entry: number, qos: QoS): StreamRecorder
  lateness(us: number): void
  /** A connection stands, so long after the plan (or the reconnect policy) asked for it. */
  deviceConnected(device: Device, sinceAskedMs: number): void
  event(device: Device, what: DeviceEvent, nowMs: number): void
}

type State = 'off' | 'asking' | 'connecting' | 'up' | 'down' | 'leaving' | 'over'

// One of each serves a whole shard: they live only for the length of a call.
const moment: Moment = { seq: 0, intendedUs: 0, sentLagUs: 0 }

/** A session that knows whose it is, so that the hooks all sessions share find the device. */
export class DeviceSession extends Session<DeviceStream> {
  readonly device: Device

  constructor(settings: SessionSettings, host: SessionHost<DeviceStream>, device: Device) {
    super(settings, host)
    this.device = device
  }
}

/** One simulated device: when it connects, what it sends, what it does when it cannot. Its state is data; nothing here throws. */
export class Device {
  /** Counts over all fleets of the profile. */
  readonly number: number
  /** Counts the devices of this shard. */
  readonly place: number
  /** Counts the devices of its fleet. */
  readonly index: number
  readonly name: string
  readonly fleet: FleetRuntime
  readonly entries: readonly DeviceEntry[]
  readonly session: DeviceSession
  readonly #context: DeviceContext
  readonly #spans: readonly DeviceSpan[]
  readonly #random: Random
  readonly #request: PublishRequest<DeviceStream | null>
  #outbox: Outbox | null = null
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
    context: DeviceContext
    settings: SessionSettings
    request: PublishRequest<DeviceStream | null>
    entries: readonly DeviceEntry[]
  }) {
    this.number = facts.number
    this.place = facts.place
    this.index = facts.index
    this.name = facts.name
    this.fleet = facts.fleet
    this.#spans = facts.spans
    this.#random = facts.random
    this.#context = facts.context
    this.#request = facts.request
    this.entries = facts.entries
    this.session = new DeviceSession(facts.settings, facts.context.sessions, this)
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

  get #isEmpty(): boolean {
    return (this.#outbox?.size ?? 0) === 0 && this.session.inFlight === 0
  }

  /** Runs one of its tasks. */
  run(task: number, nowMs: number): void {
    if (task >= FIRST_ENTRY_TASK) this.#publishDue(task, nowMs)
    else if (task === CONNECT_TASK) this.#ask(nowMs)
    else this.#leave(nowMs)
  }

  /** A slot of the fleet's connect gate is ours. */
  beginConnect(nowMs: number): void {
    if (this.#state !== 'asking') {
      this.fleet.connectEnded(nowMs)
      return
    }
    this.#state = 'connecting'
    this.session.connect(this.#context.transport(this), nowMs)
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
    this.#context.deviceConnected(this, nowMs - this.#askedMs)
    if (info.sessionPresent) this.#context.event(this, { kind: 'session', text: 'session resumed' }, nowMs)
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
    this.#context.event(
      this,
      { kind: wasUp ? 'disconnected' : 'connect-failed', text: closure.text, closure: closure.kind },
      nowMs,
    )
    if (fleet.fleet.offline === 'drop') this.#dropWaiting('offline')
    this.#failures += 1
    this.#state = 'down'
    const delayMs = reconnectDelayMs(fleet.fleet.reconnect, this.#failures, this.#random.next())
    if (delayMs !== Number.POSITIVE_INFINITY) this.#context.schedule(this, CONNECT_TASK, nowMs + delayMs)
  }

  /** Sends what waits, as far as window and socket allow. */
  flush(nowMs: number): void {
    const outbox = this.#outbox
    if (!outbox) return
    for (let waiting = outbox.peek(); waiting; waiting = outbox.peek()) {
      const entry = this.entries[waiting.entry]
      const stream = entry?.streams[waiting.qos]
      if (!entry || !stream) break
      if (!this.#send(entry, stream, waiting.qos, waiting.seq, waiting.intendedMs, nowMs)) break
      outbox.shift()
      this.fleet.waiting -= 1
    }
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
    this.#dropWaiting(this.#everConnected ? 'still-queued' : 'never-connected')
    for (const flight of this.session.flights()) flight.tag.recorder.inDoubt(flight.seq, 'unacknowledged')
    this.#state = 'over'
    this.session.disconnect()
  }

  #publishDue(task: number, nowMs: number): void {
    const index = task - FIRST_ENTRY_TASK
    const entry = this.entries[index]
    if (!entry) return
    const dueMs = entry.dueMs
    // A task left over from an earlier span of the plan.
    if (dueMs > nowMs) return
    if (this.#state === 'leaving' || this.#state === 'off' || this.#state === 'over') return
    entry.dueMs = entry.schedule.nextMs()
    if (entry.dueMs !== Number.POSITIVE_INFINITY) this.#context.schedule(this, task, entry.dueMs)
    if (entry.publisher.exhausted) return
    const qos = entry.mix.next()
    const stream = entry.streams[qos] ?? this.#openStream(entry, index, qos)
    const seq = stream.recorder.generate()
    const { fleet } = this
    fleet.generated += 1
    const lateMs = nowMs - dueMs
    this.#context.lateness(lateMs * 1_000)
    if (lateMs > BEHIND_MS) fleet.behind += 1
    if (
      (this.#outbox === null || this.#outbox.size === 0) &&
      this.#send(entry, stream, qos, seq, dueMs, nowMs)
    )
      return
    this.#wait({ entry: index, qos, seq, intendedMs: dueMs })
  }

  /** False when the message has to wait. */
  #send(
    entry: DeviceEntry,
    stream: DeviceStream,
    qos: QoS,
    seq: number,
    intendedMs: number,
    nowMs: number,
  ): boolean {
    const { fleet } = this
    moment.seq = seq
    moment.intendedUs = Math.round(intendedMs * 1_000)
    moment.sentLagUs = Math.max(0, Math.round((nowMs - intendedMs) * 1_000))
    const request = this.#request
    request.topic = entry.publisher.topicFor(moment)
    request.qos = qos
    request.retain = entry.retain
    request.body = stream.body
    request.moment = moment
    request.tag = stream
    const outcome = this.session.publish(request as PublishRequest<DeviceStream>, nowMs)
    if (outcome === 'sent') {
      fleet.sent += 1
      if (qos === 0) fleet.sentQos0 += 1
      return true
    }
    if (outcome === 'too-large' || outcome === 'unsupported') {
      stream.recorder.notSent(seq, outcome)
      fleet.notSent += 1
      const text =
        outcome === 'too-large'
          ? 'message above the Maximum Packet Size of the broker'
          : 'QoS or retain above what the broker supports'
      this.#context.event(this, { kind: 'not-sent', text }, nowMs)
      return true
    }
    return false
  }

  #wait(message: Waiting): void {
    const { offline } = this.fleet.fleet
    if (offline === 'drop' && this.#state !== 'up') {
      this.#notSent(message, 'offline')
      return
    }
    this.#outbox ??=
      offline === 'drop' ? new Outbox(WINDOW_QUEUE, 'drop-oldest') : new Outbox(offline.store, offline.full)
    this.fleet.waiting += 1
    const dropped = this.#outbox.push(message)
    if (!dropped) return
    this.fleet.waiting -= 1
    this.#notSent(dropped, 'queue-full')
  }

  #dropWaiting(reason: NotSentReason): void {
    for (let waiting = this.#outbox?.shift(); waiting; waiting = this.#outbox?.shift()) {
      this.fleet.waiting -= 1
      this.#notSent(waiting, reason)
    }
  }

  #notSent(message: Waiting, reason: NotSentReason): void {
    const stream = this.entries[message.entry]?.streams[message.qos]
    if (!stream) return
    moment.seq = message.seq
    moment.intendedUs = Math.round(message.intendedMs * 1_000)
    moment.sentLagUs = 0
    stream.body.skip(moment)
    stream.recorder.notSent(message.seq, reason)
    this.fleet.notSent += 1
  }

  #openStream(entry: DeviceEntry, index: number, qos: QoS): DeviceStream {
    const recorder = this.#context.createRecorder(this, index, qos)
    const stream: DeviceStream = { device: this, recorder, body: entry.publisher.bodyFor(qos) }
    entry.streams[qos] = stream
    return stream
  }

  /** The plan's next time for this device to be connected. */
  #nextSpan(): void {
    const span = this.#spans[this.#span + 1]
    if (!span) return
    this.#context.schedule(this, CONNECT_TASK, span.connectMs)
  }

  #ask(nowMs: number): void {
    if (this.#state === 'off') {
      const span = this.#spans[this.#span + 1]
      // The plan sent it away while it was to reconnect: that task is not the plan's next call.
      if (!span || span.connectMs > nowMs) return
      this.#span += 1
      if (span.disconnectMs !== Number.POSITIVE_INFINITY)
        this.#context.schedule(this, LEAVE_TASK, span.disconnectMs)
      this.#startPublishing(span.connectMs)
    } else if (this.#state !== 'down') return
    this.#state = 'asking'
    this.#askedMs = nowMs
    this.fleet.requestConnect(this, nowMs)
  }

  #startPublishing(fromMs: number): void {
    this.entries.forEach((entry, index) => {
      while (entry.dueMs < fromMs) entry.dueMs = entry.schedule.nextMs()
      if (entry.dueMs !== Number.POSITIVE_INFINITY)
        this.#context.schedule(this, FIRST_ENTRY_TASK + index, entry.dueMs)
    })
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
      this.#context.schedule(this, LEAVE_TASK, this.#leaveByMs)
    }
  }

  #gone(): void {
    this.#dropWaiting('still-queued')
    this.#state = 'off'
    this.#nextSpan()
  }
}
