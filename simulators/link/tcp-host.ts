import type { LaneModel } from './model.ts'

/** The lane that a sender works for. */
export interface TcpHost {
  readonly model: LaneModel
  readonly hasUnsent: boolean
  /** Acknowledgements do not come through. */
  readonly isDown: boolean
  /** Time an acknowledgement takes back. */
  readonly ackDelayMs: number
  /** Takes unsent bytes for a segment and returns how many; 0 is the end of the stream. */
  takeUnsent(mostBytes: number): number
  /** There is something to transmit. */
  kick(nowMs: number): void
  /** The next bytes of the stream are complete at the receiver; 0 is its end. */
  complete(bytes: number): void
}
