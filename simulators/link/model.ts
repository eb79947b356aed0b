/** Direction of bytes: `up` from the device, `down` to it. */
export type Direction = 'up' | 'down'

/** Shape of the jitter; a table holds quantiles, evenly spaced, in units of the jitter. */
export type Distribution =
  | 'uniform'
  | 'normal'
  | 'pareto'
  | 'paretonormal'
  | 'lognormal'
  | { readonly table: readonly number[] }

/** Packets lost at random, each by itself. */
export interface RandomLoss {
  readonly share: number
}

/** Gilbert-Elliott in time: good and bad spells of random length. Per packet it would starve thin flows. */
export interface BurstLoss {
  readonly meanGoodMs: number
  readonly meanBadMs: number
  readonly goodShare: number
  readonly badShare: number
}

export type Loss = RandomLoss | BurstLoss

/** How much may wait; in time it grows and shrinks with the rate. */
export type QueueLimit = { readonly bytes: number } | { readonly ms: number }

/** One direction of a link. */
export interface LaneModel {
  /** Bits per second on the wire, overhead included; Infinity: no limit; 0: nothing passes for now. */
  readonly rateBitS: number
  /** Bytes that pass at once after a rest (token bucket); 0 is a plain serialisation queue. */
  readonly burstBytes: number
  /** One way. */
  readonly delayMs: number
  /** Standard deviation of the delay; half its width when uniform. */
  readonly jitterMs: number
  readonly distribution: Distribution
  /** 0..1: how much each delay takes after the one before. */
  readonly correlation: number
  readonly loss: Loss | undefined
  readonly queue: QueueLimit
  /** Longest IP packet. */
  readonly mtuBytes: number
  /** Bytes on the wire per packet beside the payload: 40 for IPv4 and TCP, 52 with timestamps, 66 with Ethernet. */
  readonly overheadBytes: number
}

/** How an end of the connection does TCP: as Linux, by the letter of RFC 6298, or one packet at a time (RFC 9006). */
export type TcpProfile = 'linux' | 'rfc6298' | 'constrained'

export interface TcpModel {
  readonly device: TcpProfile
  readonly server: TcpProfile
  readonly congestion: 'cubic' | 'reno'
}

/** Spells in which nothing passes, with open sockets on both sides (blackhole), or with a reset at their start. */
export type OutageModel = { readonly kind: 'blackhole' | 'reset' } & (
  | { readonly meanUpMs: number; readonly meanDownMs: number }
  | { readonly schedule: readonly { readonly atMs: number; readonly forMs: number }[] }
)

export interface LinkModel {
  readonly up: LaneModel
  readonly down: LaneModel
  /** Both directions share one channel. */
  readonly halfDuplex: boolean
  /** Round trips before the first byte; 1 is the handshake of TCP. */
  readonly handshakeRtts: number
  readonly tcp: TcpModel
  /** The first packet after `idleMs` of silence waits `delayMs` for a radio channel. */
  readonly promotion: { readonly idleMs: number; readonly delayMs: number } | undefined
  /** The radio is on for the first `awakeMs` of every `everyMs`; what comes in between waits. */
  readonly dutyCycle: { readonly everyMs: number; readonly awakeMs: number } | undefined
  /** A NAT or firewall forgets the connection after this silence, and then drops it or resets it. */
  readonly nat: { readonly idleMs: number; readonly kind: 'blackhole' | 'reset' } | undefined
  readonly outages: OutageModel | undefined
}

/** A lane that does nothing. */
export const FREE_LANE: LaneModel = {
  rateBitS: Number.POSITIVE_INFINITY,
  burstBytes: 0,
  delayMs: 0,
  jitterMs: 0,
  distribution: 'normal',
  correlation: 0,
  loss: undefined,
  queue: { bytes: 65_536 },
  mtuBytes: 1_500,
  overheadBytes: 40,
}

/** A link that does nothing. */
export const FREE_LINK: LinkModel = {
  up: FREE_LANE,
  down: FREE_LANE,
  halfDuplex: false,
  handshakeRtts: 1,
  tcp: { device: 'linux', server: 'linux', congestion: 'cubic' },
  promotion: undefined,
  dutyCycle: undefined,
  nat: undefined,
  outages: undefined,
}

function isFreeLane({ rateBitS, delayMs, jitterMs, loss }: LaneModel): boolean {
  return rateBitS === Number.POSITIVE_INFINITY && delayMs === 0 && jitterMs === 0 && loss === undefined
}

/** Whether a link has no effect as long as it stays as it is: the bytes may then go past it. */
export function isFree(model: LinkModel): boolean {
  const { up, down, promotion, dutyCycle, nat, outages } = model
  const hasConditions = promotion ?? dutyCycle ?? nat ?? outages
  return hasConditions === undefined && isFreeLane(up) && isFreeLane(down)
}

/** Headers of IPv4 and TCP with timestamps; what an overhead has above that lies below IP and is no part of the MTU. */
const MOST_HEADER_BYTES = 52

/** Payload of a full packet. */
export function payloadPerPacket({ mtuBytes, overheadBytes }: LaneModel): number {
  return Math.max(1, mtuBytes - Math.min(overheadBytes, MOST_HEADER_BYTES))
}

/** The queue limit in bytes, at a rate. A lane that stands still keeps room for one packet. */
export function queueBytes({ queue, rateBitS, mtuBytes }: LaneModel): number {
  if ('bytes' in queue) return queue.bytes
  return Math.max(mtuBytes, (rateBitS * queue.ms) / 8_000)
}
