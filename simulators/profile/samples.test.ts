import { readdirSync, readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import { profileJsonSchema } from './json-schema.ts'
import { parseProfile } from './parse.ts'
import { starterProfile } from './starter.ts'

const folder = new URL('../../assets/samples/', import.meta.url)
const samples = readdirSync(folder).filter((name) => name.endsWith('.flotilla.json'))
const accepts = new Ajv({ strict: false, formats: { base64: true } }).compile(profileJsonSchema())

const publish = { topic: 't/{{device}}', every: '1s' }
const fleet = { count: 2, publish: [publish] }
const smallest = { version: 1, fleets: [fleet] }
const withFleet = (extra: object) => ({ ...smallest, fleets: [{ ...fleet, ...extra }] })
const withPublish = (extra: object) => withFleet({ publish: [{ ...publish, ...extra }] })

describe('the samples', () => {
  it('are the four that the documentation names', () => {
    expect(samples.sort()).toEqual([
      'first-run.flotilla.json',
      'mixed-fleet.flotilla.json',
      'mqtt5-sessions.flotilla.json',
      'mtls-devices.flotilla.json',
    ])
  })

  it.each(samples)('%s is right for Flotilla, without a warning, and for the JSON Schema', (name) => {
    const text = readFileSync(new URL(name, folder), 'utf8')

    const parsed = parseProfile(text)

    expect(parsed).toMatchObject({ ok: true, warnings: [] })
    expect(accepts(JSON.parse(text)), JSON.stringify(accepts.errors)).toBe(true)
  })

  it('first-run leaves room for a verdict within about 20 s', () => {
    const parsed = parseProfile(readFileSync(new URL('first-run.flotilla.json', folder), 'utf8'))
    if (!parsed.ok) throw new Error('the sample is wrong')
    const { stages, drain, fleets, broker } = parsed.profile

    const stagesMs = stages.reduce((sum, stage) => sum + stage.for, 0)

    expect({ devices: fleets[0]?.count, broker }).toEqual({ devices: 50, broker: {} })
    expect(stagesMs + drain.grace).toBeLessThanOrEqual(18_000)
  })

  it('and the starter profile of flotilla init are right for both', () => {
    const text = starterProfile('My "first" test')

    expect(parseProfile(text)).toMatchObject({ ok: true, profile: { name: 'My "first" test' }, warnings: [] })
    expect(accepts(JSON.parse(text)), JSON.stringify(accepts.errors)).toBe(true)
  })

  it('and the smallest profile of the documentation are right for both', () => {
    expect(parseProfile(JSON.stringify(smallest)).ok).toBe(true)
    expect(accepts(smallest)).toBe(true)
  })
})

describe('the JSON Schema and Flotilla', () => {
  it.each<[string, unknown]>([
    ['nothing', {}],
    ['an array', []],
    ['another version', { ...smallest, version: 2 }],
    ['no fleet', { version: 1, fleets: [] }],
    ['an unknown key', { ...smallest, flets: [] }],
    ['a negative count', withFleet({ count: -1 })],
    ['half a device', withFleet({ count: 1.5 })],
    ['a duration with another unit', withPublish({ every: '5 sec' })],
    ['a negative duration', withPublish({ every: '-3s' })],
    ['a duration without unit', withPublish({ every: 5 })],
    ['a QoS of 3', withPublish({ qos: 3 })],
    ['an unknown arrival', withPublish({ arrival: 'poison' })],
    ['an unknown payload', withPublish({ payload: { yaml: 'a: 1' } })],
    ['two payloads in one', withPublish({ payload: { text: 'a', csv: ['b'] } })],
    ['odd hexadecimal digits', withPublish({ payload: { binary: { hex: 'abc' } } })],
    ['an empty topic', withPublish({ topic: '' })],
    ['a URL of another scheme', { ...smallest, broker: { url: 'http://host' } }],
    ['MQTT 6', { ...smallest, broker: { protocol: 6 } }],
    ['an unknown reconnect policy', withFleet({ reconnect: { policy: 'linear' } })],
    ['a name of a fleet with a space', withFleet({ name: 'my meters' })],
    ['a rate factor above the limit', { ...smallest, stages: [{ for: '1s', rate: 5_000 }] }],
    ['thresholds that are no list', { ...smallest, thresholds: 'lost == 0' }],
    ['a keep-alive that is a number', withFleet({ session: { keepAlive: 60 } })],
  ])('both refuse %s', (_, profile) => {
    expect(parseProfile(JSON.stringify(profile)).ok).toBe(false)
    expect(accepts(profile)).toBe(false)
  })
})
