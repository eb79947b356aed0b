import type { StreamRecorder } from '../delivery/stream-recorder.ts'
import type { QoS } from '../profile/profile.ts'
import type { Closure, OpenTransport } from './ports.ts'

/** Tasks of a device on the shard's schedule; its publish entries follow from FIRST_ENTRY_TASK on. */
export const CONNECT_TASK = 0
export const LEAVE_TASK = 1
export const FIRST_ENTRY_TASK = 2

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
export interface DeviceContext<Owner> {
  /** Puts a task of a device on the shard's schedule. */
  schedule(device: Owner, task: number, dueMs: number): void
  transport(device: Owner): OpenTransport
  createRecorder(device: Owner, entry: number, qos: QoS): StreamRecorder
  lateness(us: number): void
  /** A connection stands, so long after the plan (or the reconnect policy) asked for it. */
  deviceConnected(device: Owner, sinceAskedMs: number): void
  event(device: Owner, what: DeviceEvent, nowMs: number): void
}
