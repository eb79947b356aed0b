import { expect, it } from 'vitest'
import { type Evidence, labelOf } from './evidence.ts'
import type { Label } from './types.ts'

it.each<[Evidence['fate'], Evidence['probe'], Label]>([
  ['not-sent', 'missing', 'not-sent'],
  ['not-sent', 'seen', 'not-sent'],
  ['rejected', 'missing', 'rejected'],
  ['rejected', 'seen', 'rejected'],
  ['in-doubt', 'missing', 'sent-not-acknowledged'],
  ['in-doubt', 'blind', 'sent-not-acknowledged'],
  ['in-doubt', 'seen', 'delivered'],
  ['acked', 'seen', 'delivered'],
  ['acked', 'missing', 'vanished-in-broker'],
  ['acked', 'blind', 'inconclusive'],
  ['acked', 'none', 'inconclusive'],
  ['sent', 'seen', 'delivered'],
  ['sent', 'missing', 'lost-at-qos-0'],
  ['sent', 'blind', 'inconclusive'],
])('a message that is %s, and %s by the probe, ended as %s', (fate, probe, label) => {
  expect(labelOf({ fate, probe })).toBe(label)
})
