import { describe, expect, it } from 'vitest'
import type { QoS } from '../profile/profile.ts'
import { type Contract, clauseFor } from './contract.ts'
import type { ViolationKind } from './types.ts'

function contract(publishQos: QoS, subscriptionQos: QoS, changes: Partial<Contract> = {}): Contract {
  return { publishQos, subscriptionQos, protocol: 5, resumes: true, mayExpire: false, ...changes }
}

type Row = [ViolationKind, QoS, QoS, 'violation' | 'observation']

describe('what is promised', () => {
  it.each<Row>([
    // finding      published  probe granted
    ['lost', 0, 0, 'observation'],
    ['lost', 0, 2, 'observation'],
    ['lost', 1, 0, 'observation'],
    ['lost', 1, 1, 'violation'],
    ['lost', 1, 2, 'violation'],
    ['lost', 2, 0, 'observation'],
    ['lost', 2, 1, 'violation'],
    ['lost', 2, 2, 'violation'],
    ['duplicate', 0, 0, 'violation'],
    ['duplicate', 0, 1, 'violation'],
    ['duplicate', 0, 2, 'violation'],
    ['duplicate', 1, 0, 'observation'],
    ['duplicate', 1, 1, 'observation'],
    ['duplicate', 1, 2, 'observation'],
    ['duplicate', 2, 0, 'violation'],
    ['duplicate', 2, 1, 'observation'],
    ['duplicate', 2, 2, 'violation'],
    ['reordered', 0, 0, 'violation'],
    ['reordered', 1, 1, 'violation'],
    ['reordered', 2, 2, 'violation'],
    ['reordered', 2, 0, 'violation'],
    ['corrupt', 0, 0, 'violation'],
    ['phantom', 1, 1, 'violation'],
    ['aborted-read', 1, 1, 'violation'],
    ['no-subscribers', 1, 1, 'observation'],
  ])('%s, published with QoS %i to a probe with QoS %i: %s', (kind, published, granted, grade) => {
    expect(clauseFor(kind, contract(published, granted)).grade).toBe(grade)
  })

  it('lets a broker drop what has expired', () => {
    expect(clauseFor('lost', contract(1, 1, { mayExpire: true }))).toMatchObject({
      grade: 'observation',
      sentence: expect.stringContaining('expiry'),
    })
  })

  it('names the acknowledgement that a loss contradicts', () => {
    expect(clauseFor('lost', contract(1, 1)).sentence).toContain('PUBACK')
    expect(clauseFor('lost', contract(2, 2)).sentence).toContain('PUBCOMP')
    expect(clauseFor('lost', contract(1, 1, { resumes: false })).sentence).toContain('in doubt')
  })

  it('admits that an administrator may have made a topic of MQTT 3.1.1 unordered', () => {
    expect(clauseFor('reordered', contract(1, 1, { protocol: 4 })).sentence).toContain('administrator')
    expect(clauseFor('reordered', contract(1, 1)).sentence).not.toContain('administrator')
  })
})
