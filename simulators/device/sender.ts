import type { NotSentReason } from '../delivery/types.ts'
import { BEHIND_MS } from '../metrics/health.ts'
import type { QoS } from '../profile/profile.ts'
import { type DeviceContext, FIRST_ENTRY_TASK } from './device-context.ts'
import type { DeviceEntry, EntryStream } from './device-entry.ts'
import type { FleetRuntime } from './fleet-runtime.ts'
import { Outbox, type Waiting } from './outbox.ts'
import type { Moment, PublishRequest } from './ports.ts'
import type { PublishOutcome } from './session-settings.ts'

/** Room for messages that wait for the in-flight window when the offline policy keeps none. */
const WINDOW_QUEUE = 100

// One of each serves a whole shard: they live only for the length of a call.
const moment: Moment = { seq: 0, intendedUs: 0, sentLagUs: 0 }

/** The part of a device that sends what is due, or keeps it until it can. When it may send, and through what, is its heir's. */
export abstract class Sender<Owner> {
  readonly fleet: FleetRuntime
  readonly entries: readonly DeviceEntry<Owner>[]
  protected readonly context: DeviceContext<Owner>
  readonly #request: PublishRequest<EntryStream<Owner>>
  #outbox: Outbox | undefined

  constructor(facts: {
    fleet: FleetRuntime
    entries: readonly DeviceEntry<Owner>[]
    context: DeviceContext<Owner>
    request: PublishRequest<EntryStream<Owner>>
  }) {
    this.fleet = facts.fleet
    this.entries = facts.entries
    this.context = facts.context
    this.#request = facts.request
  }

  protected abstract readonly self: Owner
  /** Connected, as far as the device knows. */
  protected abstract readonly isUp: boolean
  protected abstract publish(request: PublishRequest<EntryStream<Owner>>, nowMs: number): PublishOutcome

  /** Messages that are due and have not been handed over. */
  protected get waiting(): number {
    return this.#outbox?.size ?? 0
  }

  protected startPublishing(fromMs: number): void {
    this.entries.forEach((entry, index) => {
      while (entry.dueMs < fromMs) entry.dueMs = entry.schedule.nextMs()
      if (entry.dueMs !== Number.POSITIVE_INFINITY)
        this.context.schedule(this.self, FIRST_ENTRY_TASK + index, entry.dueMs)
    })
  }

  /** A message of an entry is due: it is generated now, whatever becomes of it, and the next one put on the schedule. */
  protected publishDue(index: number, nowMs: number): void {
    const entry = this.entries[index]
    if (!entry) return
    const dueMs = entry.dueMs
    // A task left over from an earlier span of the plan.
    if (dueMs > nowMs) return
    entry.dueMs = entry.schedule.nextMs()
    if (entry.dueMs !== Number.POSITIVE_INFINITY)
      this.context.schedule(this.self, FIRST_ENTRY_TASK + index, entry.dueMs)
    if (entry.exhausted) return
    const qos = entry.nextQos()
    const stream =
      entry.stream(qos) ??
      entry.openStream(qos, this.self, this.context.createRecorder(this.self, index, qos))
    const seq = stream.recorder.generate()
    const { fleet } = this
    fleet.generated += 1
    const lateMs = nowMs - dueMs
    this.context.lateness(lateMs * 1_000)
    if (lateMs > BEHIND_MS) fleet.behind += 1
    if (this.waiting === 0 && this.#send(entry, stream, qos, seq, dueMs, nowMs)) return
    this.#wait({ entry: index, qos, seq, intendedMs: dueMs })
  }

  /** Sends what waits, as far as window and socket allow. */
  protected sendWaiting(nowMs: number): void {
    const outbox = this.#outbox
    if (!outbox) return
    for (let waiting = outbox.peek(); waiting; waiting = outbox.peek()) {
      const entry = this.entries[waiting.entry]
      const stream = entry?.stream(waiting.qos)
      if (!entry || !stream) break
      if (!this.#send(entry, stream, waiting.qos, waiting.seq, waiting.intendedMs, nowMs)) break
      outbox.shift()
      this.fleet.waiting -= 1
    }
  }

  /** Gives up what waits, and says why. */
  protected dropWaiting(reason: NotSentReason): void {
    for (let waiting = this.#outbox?.shift(); waiting; waiting = this.#outbox?.shift()) {
      this.fleet.waiting -= 1
      this.#notSent(waiting, reason)
    }
  }

  /** False when the message has to wait. */
  #send(
    entry: DeviceEntry<Owner>,
    stream: EntryStream<Owner>,
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
    request.topic = entry.topicFor(moment)
    request.qos = qos
    request.retain = entry.retain
    request.body = stream.body
    request.moment = moment
    request.tag = stream
    const outcome = this.publish(request, nowMs)
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
      this.context.event(this.self, { kind: 'not-sent', text }, nowMs)
      return true
    }
    return false
  }

  #wait(message: Waiting): void {
    const { offline } = this.fleet.fleet
    if (offline === 'drop' && !this.isUp) {
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

  #notSent(message: Waiting, reason: NotSentReason): void {
    const stream = this.entries[message.entry]?.stream(message.qos)
    if (!stream) return
    moment.seq = message.seq
    moment.intendedUs = Math.round(message.intendedMs * 1_000)
    moment.sentLagUs = 0
    stream.body.skip(moment)
    stream.recorder.notSent(message.seq, reason)
    this.fleet.notSent += 1
  }
}
