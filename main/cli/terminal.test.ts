import { EventEmitter } from 'node:events'
import { describe, expect, it } from 'vitest'
import { paintFor, terminalOf } from './terminal.ts'

function stream(facts: { isTTY?: boolean; columns?: number } = {}) {
  return Object.assign(new EventEmitter(), { write: () => true, ...facts })
}

describe('a terminal', () => {
  it('has colour only where a person looks and has not said no', () => {
    expect(terminalOf(stream({ isTTY: true }), {}).colour).toBe(true)
    expect(terminalOf(stream({ isTTY: true }), { NO_COLOR: '' }).colour).toBe(true)
    expect(terminalOf(stream({ isTTY: true }), { NO_COLOR: '1' }).colour).toBe(false)
    expect(terminalOf(stream({ isTTY: true }), { TERM: 'dumb' }).colour).toBe(false)
    expect(terminalOf(stream(), {}).colour).toBe(false)
  })

  it('follows a window that changes its width', () => {
    const resized = stream({ isTTY: true, columns: 120 })
    const terminal = terminalOf(resized, {})

    resized.columns = 60

    expect(terminal.columns()).toBe(60)
    expect(terminalOf(stream(), {}).columns()).toBe(80)
  })

  it('outlives the reader of its output', () => {
    const broken = stream()
    terminalOf(broken, {})

    expect(() => broken.emit('error', new Error('EPIPE'))).not.toThrow()
  })

  it('paints by role, and nothing at all without colour', () => {
    expect(paintFor({ colour: true })('fail', 'x')).toBe('\u001b[1;31mx\u001b[0m')
    expect(paintFor({ colour: false })('fail', 'x')).toBe('x')
  })
})
