import type { QoS } from '../../simulators/profile/profile.ts'

/** What every load program of a comparison is asked to do. */
export interface Workload {
  port: number
  devices: number
  qos: QoS
  /** Messages per second over all devices; 0 asks for as many as the program can. */
  totalRateHz: number
  payloadBytes: number
  /** Unacknowledged messages per device when `totalRateHz` is 0 and QoS above 0. */
  window: number
  /** Connects in flight at any time: Mosquitto listens with a backlog of 100. */
  connectsInFlight: number
  /** Record the time from publish to acknowledgement, which costs CPU. */
  latency: boolean
  /** File of the CA that signed the broker's certificate; empty means plain TCP. */
  caFile: string
}

export interface FloodWorkload extends Workload {
  /** The run that the markers name, and its time zero on the machine's monotonic clock. */
  run: number
  zeroMs: number
}

export const WORKLOAD: Workload = {
  port: 0,
  devices: 1000,
  qos: 0,
  totalRateHz: 20_000,
  payloadBytes: 256,
  window: 2,
  connectsInFlight: 64,
  latency: false,
  caFile: '',
}

export interface Percentiles {
  mean: number
  p50: number
  p99: number
  max: number
}

export interface Counts {
  /** Messages handed to the socket. */
  messages: number
  /** Messages acknowledged for good; equals `messages` at QoS 0. */
  acked: number
}

export interface Finished extends Counts {
  /** Publish to acknowledgement in ms; null when not recorded. */
  ackMs: Percentiles | null
  /** Sent minus due in ms; null when not recorded. */
  latenessMs: Percentiles | null
}

/** A load program in a process of its own, as a benchmark drives it. */
export interface Driver {
  readonly pid: number
  /** Resident bytes of the program with its code loaded, before its first device. */
  readonly baseBytes: number
  /** Connects every device; answers how long that took. */
  connect(): Promise<{ ms: number }>
  /** Starts publishing; resolves when the first messages are due. */
  go(): void | Promise<void>
  /** Counts at this moment; latencies are kept from the first call on. */
  counts(): Promise<Counts>
  /** Stops publishing, waits for what is in flight, disconnects and ends the process. */
  finish(): Promise<Finished>
  kill(): void
}

export type StartDriver = (workload: Workload) => Promise<Driver>
