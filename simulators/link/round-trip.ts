import type { TcpProfile } from './model.ts'

const LEAST_TIMEOUT_MS: Readonly<Record<TcpProfile, number>> = {
  linux: 200,
  rfc6298: 1_000,
  constrained: 1_000,
}
const MOST_TIMEOUT_MS = 120_000
/** One packet alone in flight may wait for a delayed acknowledgement (RFC 8985 section 7.2, Linux: TCP_RTO_MIN). */
const LONE_PACKET_MS = 200
const PROBE_SLACK_MS = 2

/** What a sender knows of its round trip, and how long it therefore waits (RFC 6298, RFC 8985). */
export class RoundTrip {
  readonly #profile: TcpProfile
  smoothMs: number
  #variationMs: number
  leastMs: number

  /** Begins with what the handshake has measured. */
  constructor(profile: TcpProfile, handshakeMs: number) {
    this.#profile = profile
    this.smoothMs = handshakeMs
    this.#variationMs = handshakeMs / 2
    this.leastMs = handshakeMs
  }

  measured(rttMs: number): void {
    this.#variationMs += (Math.abs(this.smoothMs - rttMs) - this.#variationMs) / 4
    this.smoothMs += (rttMs - this.smoothMs) / 8
    if (rttMs < this.leastMs) this.leastMs = rttMs
  }

  /** Retransmission timeout after `backoff` doublings. */
  timeoutMs(backoff: number): number {
    const least = LEAST_TIMEOUT_MS[this.#profile]
    // Linux bounds what it adds to the round trip, RFC 6298 the whole.
    const base =
      this.#profile === 'linux'
        ? this.smoothMs + Math.max(least, 4 * this.#variationMs)
        : Math.max(least, this.smoothMs + 4 * this.#variationMs)
    return Math.min(MOST_TIMEOUT_MS, base * 2 ** backoff)
  }

  /** Wait before the probe for a lost tail. */
  probeMs(packetsInFlight: number): number {
    return 2 * this.smoothMs + (packetsInFlight === 1 ? LONE_PACKET_MS : PROBE_SLACK_MS)
  }
}

/** When a sender that has been cut off since `fromMs` tries next, at or after `nowMs`: its timeout doubles each time. */
export function nextProbeMs(roundTrip: RoundTrip, fromMs: number, nowMs: number): number {
  let atMs = fromMs
  for (let backoff = 0; atMs < nowMs; backoff += 1) atMs += roundTrip.timeoutMs(backoff)
  return atMs
}
