import type { Label } from './types.ts'

/** How a message ended for its device; `sent` is all that QoS 0 ever comes to. */
export type Fate = 'not-sent' | 'rejected' | 'in-doubt' | 'acked' | 'sent'

/** What one observer can say: seen, not seen though it looked, or not looking when the message may have passed. */
export type Sight = 'seen' | 'missing' | 'blind'

/** What is known of a message. A second observer adds a member here and its rules below. */
export interface Evidence {
  fate: Fate
  /** `none`: no probe, or no marker to know the message by. */
  probe: Sight | 'none'
}

interface Rule {
  label: Label
  matches(evidence: Evidence): boolean
}

/** The first rule that matches names the stage at which a message ended. */
const RULES: readonly Rule[] = [
  { label: 'not-sent', matches: ({ fate }) => fate === 'not-sent' },
  { label: 'rejected', matches: ({ fate }) => fate === 'rejected' },
  { label: 'delivered', matches: ({ probe }) => probe === 'seen' },
  // Before blindness: whatever the probe could have seen, nobody promised this message.
  { label: 'sent-not-acknowledged', matches: ({ fate }) => fate === 'in-doubt' },
  { label: 'inconclusive', matches: ({ probe }) => probe === 'blind' || probe === 'none' },
  { label: 'lost-at-qos-0', matches: ({ fate }) => fate === 'sent' },
  { label: 'vanished-in-broker', matches: ({ fate }) => fate === 'acked' },
]

/** At which stage a message with this evidence ended. */
export function labelOf(evidence: Evidence): Label {
  return RULES.find((rule) => rule.matches(evidence))?.label ?? 'inconclusive'
}
