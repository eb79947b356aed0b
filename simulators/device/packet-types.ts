/** MQTT control packet types (MQTT 5 section 2.1.2). */
export const CONNACK = 2
export const PUBLISH = 3
export const PUBACK = 4
export const PUBREC = 5
export const PUBREL = 6
export const PUBCOMP = 7
export const SUBACK = 9
export const UNSUBACK = 11
export const PINGRESP = 13
export const DISCONNECT = 14
export const AUTH = 15

/** The four packets that move a QoS 1 or 2 message along. */
export type AckType = typeof PUBACK | typeof PUBREC | typeof PUBREL | typeof PUBCOMP

const NAMES = [
  'reserved type 0',
  'CONNECT',
  'CONNACK',
  'PUBLISH',
  'PUBACK',
  'PUBREC',
  'PUBREL',
  'PUBCOMP',
  'SUBSCRIBE',
  'SUBACK',
  'UNSUBSCRIBE',
  'UNSUBACK',
  'PINGREQ',
  'PINGRESP',
  'DISCONNECT',
  'AUTH',
]

export function packetName(type: number): string {
  return NAMES[type] ?? `type ${type}`
}
