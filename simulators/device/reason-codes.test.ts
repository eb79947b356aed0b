import { describe, expect, it } from 'vitest'
import { reasonText } from './reason-codes.ts'

describe('reason codes in words', () => {
  it.each([
    ['connack', 0x87, 'not authorised (0x87)'],
    ['connack-3', 5, 'not authorised (5)'],
    ['connack-3', 0x87, 'unknown reason (135)'],
    ['puback', 0x10, 'no matching subscribers (0x10)'],
    ['suback', 0, 'granted QoS 0 (0x00)'],
    ['suback', 1, 'granted QoS 1 (0x01)'],
    ['disconnect', 0, 'normal disconnection (0x00)'],
    ['disconnect', 0x8e, 'session taken over (0x8e)'],
    ['puback', 0xff, 'unknown reason (0xff)'],
  ] as const)('%s %i is "%s"', (packet, code, text) => {
    expect(reasonText(packet, code)).toBe(text)
  })
})
