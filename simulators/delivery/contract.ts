import type { QoS } from '../profile/profile.ts'
import type { Finding, ViolationKind } from './types.ts'

/** What a group of streams and the probe agreed on with the broker: all that decides what was promised. */
export interface Contract {
  publishQos: QoS
  /** What the broker granted to the probe's subscription. */
  subscriptionQos: QoS
  /** MQTT version of the devices: 4 is 3.1.1. */
  protocol: 4 | 5
  /** The devices come back to their sessions (clean start off), so that what was in flight is sent again. */
  resumes: boolean
  /** Others took so long to arrive that the broker may have dropped these by right, as expired. */
  mayExpire: boolean
}

/** Whether something that happened broke a promise, and why. */
export interface Clause {
  grade: Finding['grade']
  sentence: string
}

const CLAUSES: Record<ViolationKind, (contract: Contract) => Clause> = {
  lost: lossClause,
  duplicate: duplicateClause,
  reordered: orderClause,
  corrupt: () =>
    violation('The payload that arrived is not the one that was sent; a broker may not change it.'),
  phantom: () => violation('The marker is intact and names a message that no device of this run has sent.'),
  'aborted-read': () =>
    violation('The broker rejected these messages with a failure code and delivered them all the same.'),
  'no-subscribers': () =>
    observation(
      'The broker acknowledged with "no matching subscribers" (0x10) while the probe was subscribed: its subscription did not match, or the broker did not know of it yet.',
    ),
}

/** What MQTT promises about one kind of finding under a contract. */
export function clauseFor(kind: ViolationKind, contract: Contract): Clause {
  return CLAUSES[kind](contract)
}

function lossClause(contract: Contract): Clause {
  const { publishQos, subscriptionQos, resumes, mayExpire } = contract
  if (publishQos === 0)
    return observation('QoS 0 promises no delivery: sent, never seen, and nobody is to blame by contract.')
  if (subscriptionQos === 0)
    return observation(
      `The probe was granted QoS 0, so the broker may drop what it acknowledged at QoS ${publishQos}.`,
    )
  if (mayExpire)
    return observation(
      'Others of this fleet took at least half of their expiry interval to arrive, so the broker may have dropped these as expired.',
    )
  const answer = publishQos === 1 ? 'PUBACK' : 'PUBCOMP'
  const inFlight = resumes
    ? 'Messages that were never acknowledged are not in this number.'
    : 'Messages in flight when a connection ended are in doubt and not in this number.'
  return violation(
    `Acknowledged with success (${answer}) and never delivered, though the probe was listening; the log of the broker may name a limit, such as a full queue. ${inFlight}`,
  )
}

function duplicateClause(contract: Contract): Clause {
  const { publishQos, subscriptionQos } = contract
  if (publishQos === 0)
    return violation('A QoS 0 message is sent once at most, by the device and by the broker.')
  if (publishQos === 1)
    return observation('QoS 1 means at least once: copies are allowed, from the device and from the broker.')
  if (subscriptionQos === 2) return violation('QoS 2 on both sides of the broker means exactly once.')
  if (subscriptionQos === 0)
    return violation(
      'The broker took these QoS 2 messages once, and sends each once at most to a QoS 0 subscriber.',
    )
  return observation('The probe was granted QoS 1, so the broker may repeat to it what it took exactly once.')
}

function orderClause({ publishQos, protocol }: Contract): Clause {
  const promise = `First receipts of one client, topic and QoS (here ${publishQos}) must keep their order [MQTT-4.6.0-6]`
  return violation(
    protocol === 4 ? `${promise}, unless an administrator has made the topic unordered.` : `${promise}.`,
  )
}

function violation(sentence: string): Clause {
  return { grade: 'violation', sentence }
}

function observation(sentence: string): Clause {
  return { grade: 'observation', sentence }
}
