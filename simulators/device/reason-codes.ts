/** The packets whose reason codes Flotilla shows; `connack-3` is the return code of MQTT 3.1.1. */
export type ReasonPacket =
  | 'connack'
  | 'connack-3'
  | 'puback'
  | 'pubrec'
  | 'pubrel'
  | 'pubcomp'
  | 'suback'
  | 'unsuback'
  | 'disconnect'
  | 'auth'

/** MQTT 5 section 2.4: most codes mean the same wherever they stand. */
const NAMES: Readonly<Record<number, string>> = {
  0: 'success',
  1: 'granted QoS 1',
  2: 'granted QoS 2',
  4: 'disconnect with will message',
  16: 'no matching subscribers',
  17: 'no subscription existed',
  24: 'continue authentication',
  25: 're-authenticate',
  128: 'unspecified error',
  129: 'malformed packet',
  130: 'protocol error',
  131: 'implementation specific error',
  132: 'unsupported protocol version',
  133: 'client id not valid',
  134: 'bad user name or password',
  135: 'not authorised',
  136: 'server unavailable',
  137: 'server busy',
  138: 'banned',
  139: 'server shutting down',
  140: 'bad authentication method',
  141: 'keep-alive timeout',
  142: 'session taken over',
  143: 'topic filter invalid',
  144: 'topic name invalid',
  145: 'packet id in use',
  146: 'packet id not found',
  147: 'receive maximum exceeded',
  148: 'topic alias invalid',
  149: 'packet too large',
  150: 'message rate too high',
  151: 'quota exceeded',
  152: 'administrative action',
  153: 'payload format invalid',
  154: 'retain not supported',
  155: 'QoS not supported',
  156: 'use another server',
  157: 'server moved',
  158: 'shared subscriptions not supported',
  159: 'connection rate exceeded',
  160: 'maximum connect time',
  161: 'subscription identifiers not supported',
  162: 'wildcard subscriptions not supported',
}

/** Where a packet gives a code a meaning of its own. */
const OWN_NAMES: Readonly<Partial<Record<ReasonPacket, Readonly<Record<number, string>>>>> = {
  'connack-3': {
    0: 'accepted',
    1: 'unacceptable protocol version',
    2: 'client id rejected',
    3: 'server unavailable',
    4: 'bad user name or password',
    5: 'not authorised',
  },
  disconnect: { 0: 'normal disconnection' },
  suback: { 0: 'granted QoS 0' },
}

/** Name of a reason code: "not authorised". */
export function reasonName(packet: ReasonPacket, code: number): string {
  const own = OWN_NAMES[packet]
  const known = packet === 'connack-3' ? own?.[code] : (own?.[code] ?? NAMES[code])
  return known ?? 'unknown reason'
}

/** Name and number of a reason code: "not authorised (0x87)"; return codes of 3.1.1 in decimal, as its specification has them. */
export function reasonText(packet: ReasonPacket, code: number): string {
  const number = packet === 'connack-3' ? String(code) : `0x${code.toString(16).padStart(2, '0')}`
  return `${reasonName(packet, code)} (${number})`
}
