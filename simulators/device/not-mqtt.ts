const SHOWN_BYTES = 16

/** What answered instead of an MQTT broker, in words; `problem` is what the reader stumbled over. */
export function describeGarbage(bytes: Buffer, problem: string): string {
  const start = bytes.toString('latin1', 0, 64)
  if (start.startsWith('HTTP/')) {
    const line = start.split(/[\r\n]/, 1)[0] ?? ''
    return `an HTTP answer instead of MQTT: ${JSON.stringify(line)}; for MQTT over WebSocket use ws:// or wss://`
  }
  // A TLS alert or handshake record: content type 21 or 22, then version 3.x (RFC 8446 section 5.1).
  if ((bytes[0] === 21 || bytes[0] === 22) && bytes[1] === 3)
    return 'a TLS answer instead of MQTT: this port wants TLS; use mqtts:// or wss://'
  if (start.startsWith('SSH-')) return 'an SSH server instead of an MQTT broker: check the port'
  const shown = bytes.subarray(0, SHOWN_BYTES).toString('hex')
  return `no MQTT: ${problem}; it began with 0x${shown}${bytes.length > SHOWN_BYTES ? '...' : ''}`
}
