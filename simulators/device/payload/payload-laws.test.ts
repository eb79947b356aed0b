import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  bodyBytes,
  FACTS,
  momentOf,
  type PublisherOptions,
  publisherOf,
  publishOf,
  RUN,
} from '../../../tests/support/publishing.ts'
import { readMarker } from '../../delivery/marker.ts'
import { createSighting } from '../../delivery/marker-sighting.ts'
import { renderForDevice } from '../../profile/template.ts'
import { partsOf } from './pieces.ts'

const text = fc.string({ unit: 'grapheme', maxLength: 12 })
/** Literal text as a template writes it. An opening brace could meet the braces of a variable. */
const literal = text.map((value) => value.replaceAll('{', '(').replaceAll('%', '%%'))
const deviceVariable = fc.constantFrom(
  '{{device}}',
  '{{index}}',
  '%c',
  '{{username}}',
  '{{fleet}}',
  '{{run}}',
)
const messageVariable = fc.constantFrom(
  '{{seq}}',
  '{{now}}',
  '{{iso}}',
  '{{uniform -5 5}}',
  '{{uniform 0 1 9}}',
  '{{normal 1e12 2e12}}',
  '{{walk 21 0.2}}',
  `{{pick on 'say "hi", \\' 😀}}`,
  '{{bytes 7}}',
  '{{bytes 100}}',
)
const joined = (part: fc.Arbitrary<string>) => fc.array(part, { maxLength: 4 }).map((parts) => parts.join(''))
const deviceTemplate = joined(fc.oneof(literal, deviceVariable))
const anyTemplate = joined(fc.oneof(literal, deviceVariable, messageVariable))

const { json } = fc.letrec<{ json: unknown; fields: Record<string, unknown>; items: unknown[] }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small' },
    anyTemplate,
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    tie('fields'),
    tie('items'),
  ),
  fields: fc.dictionary(literal, tie('json'), { maxKeys: 4 }),
  items: fc.array(tie('json'), { maxLength: 4 }),
}))
const container = json.map((value) => (typeof value === 'object' && value !== null ? value : { value }))
const jsonInput = container.map((value) => JSON.parse(JSON.stringify(value)))

const payload = fc.oneof(
  jsonInput.map((value) => ({ json: value })),
  fc.array(anyTemplate, { minLength: 1, maxLength: 5 }).map((csv) => ({ csv })),
  anyTemplate.map((value) => ({ text: value })),
  fc.record({ size: fc.nat(300) }).map((binary) => ({ binary })),
  fc
    .constantFrom('prefix' as const, 'suffix' as const)
    .map((marker) => ({ binary: { hex: '00ff7e' }, marker })),
)
const facts = fc.record({ device: text, clientId: text, username: text })
const seed = fc.nat()
const qos = fc.constantFrom(0 as const, 1 as const, 2 as const)
const seen = createSighting()

describe('Whatever a publish entry says', () => {
  test('a JSON payload is valid JSON, with and without its marker', () => {
    fc.assert(
      fc.property(
        jsonInput,
        fc.constantFrom('payload' as const, 'none' as const),
        facts,
        seed,
        (value, marker, known, from) => {
          const publisher = publisherOf(publishOf({ payload: { json: value }, marker }), {
            facts: known,
            seed: from,
          })
          for (const seq of [0, 1]) {
            const sent: unknown = JSON.parse(bodyBytes(publisher, 0, momentOf(seq)).toString('utf8'))
            expect(Array.isArray(sent)).toBe(Array.isArray(value))
          }
        },
      ),
      { numRuns: 300 },
    )
  })

  test('the strings of JSON reach the far end as their templates read, in UTF-8', () => {
    fc.assert(
      fc.property(deviceTemplate, facts, (template, known) => {
        // A bare {{index}} is a number by design.
        fc.pre(template !== '{{index}}')
        const settings = publishOf({ payload: { json: { [template]: [template] } }, marker: 'none' })
        const sent = bodyBytes(publisherOf(settings, { facts: known }), 0, momentOf(0)).toString('utf8')
        const rendered = renderForDevice(partsOf(template), { ...FACTS, ...known })
        expect(JSON.parse(sent)).toEqual({ [template]: [rendered] })
      }),
      { numRuns: 300 },
    )
  })

  test('the marker is found and names the message', () => {
    fc.assert(
      fc.property(payload, facts, seed, qos, fc.nat(1_000_000), (what, known, from, level, seq) => {
        const publisher = publisherOf(publishOf({ payload: what }), { facts: known, seed: from })
        const moment = { seq, intendedUs: seq * 50, sentLagUs: 3 }
        const bytes = bodyBytes(publisher, level, moment)
        expect(readMarker(bytes, seen)).toBe('intact')
        expect(seen).toMatchObject({ run: RUN, device: 7, publish: 2, qos: level, epoch: 0, ...moment })
      }),
      { numRuns: 300 },
    )
  })

  test('the same seed gives the same bytes, and a skipped message leaves those that follow as they were', () => {
    const step = fc.record({ level: qos, isSkipped: fc.boolean(), asksTopic: fc.boolean() })
    const entry = fc.record({
      payload,
      topic: anyTemplate.map((value) => `t/${value.replaceAll(/[#+\0]/g, '_')}`),
      property: anyTemplate,
    })
    fc.assert(
      fc.property(entry, seed, fc.array(step, { maxLength: 12 }), ({ property, ...rest }, from, steps) => {
        const settings = publishOf({ ...rest, marker: 'both', userProperties: { p: property } })
        const options: PublisherOptions = { seed: from, protocol: 5 }
        const [all, some] = [publisherOf(settings, options), publisherOf(settings, options)]
        const next = [0, 0, 0]
        for (const { level, isSkipped, asksTopic } of steps) {
          const moment = momentOf(next[level] ?? 0)
          next[level] = moment.seq + 1
          const topic = all.topicFor(moment)
          const bytes = bodyBytes(all, level, moment)
          if (asksTopic) expect(some.topicFor(moment)).toEqual(topic)
          if (isSkipped) some.bodyFor(level).skip(moment)
          else expect(bodyBytes(some, level, moment)).toEqual(bytes)
        }
      }),
      { numRuns: 200 },
    )
  })

  test('devices and seeds differ in what they draw', () => {
    const settings = publishOf({ payload: { text: '{{bytes 20}}' }, marker: 'none' })
    const drawn = [{}, { seed: 2 }, { device: 8 }].map((options) =>
      bodyBytes(publisherOf(settings, options), 0, momentOf(0)).toString(),
    )
    expect(new Set(drawn).size).toBe(3)
  })
})
