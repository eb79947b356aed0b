import { describe, expect, it } from 'vitest'
import { parseProfile } from './parse.ts'

/** `unit` over and over, with `$` counting, until `length` is filled. */
function many(unit: string, length: number): string {
  const count = Math.floor(length / (unit.length + 5))
  return Array.from({ length: count }, (_, index) => unit.replaceAll('$', String(index))).join(',')
}

const inPayload = (json: string) =>
  `{"version":1,"fleets":[{"count":1,"publish":[{"topic":"a","every":"1s","payload":{"json":${json}}}]}]}`
const inSession = (properties: string) =>
  `{"version":1,"fleets":[{"count":1,"session":{"userProperties":{${properties}}}}]}`

const hostile: [string, string][] = [
  ['values of the wrong type', `{"version":1,"fleets":[{"count":1}],"thresholds":[${many('1', 250_000)}]}`],
  ['fleets that hold nothing', `{"version":1,"fleets":[${many('{}', 300_000)}]}`],
  ['unknown keys', `{"version":1,${many('"key$":1', 500_000)}}`],
  ['duplicate keys', `{${many('"version":1', 700_000)}}`],
  ['templates without end', inPayload(`[${many('"{{x"', 400_000)}]`)],
  ['user properties that are wrong', inSession(many('"key$":"{{seq}}"', 900_000))],
  ['one long template', inPayload(`["${"{{pick ' ".repeat(90_000)}"]`)],
  ['open quotes', '"'.repeat(1_000_000)],
  ['commas', ','.repeat(1_000_000)],
  ['comments', '/'.repeat(1_000_000)],
  ['empty arrays', '[]'.repeat(500_000)],
  ['empty lines', `${'\n'.repeat(1_000_000)}x`],
  ['a text that never ends', `"${'a'.repeat(1_000_000)}`],
]

describe('a profile made to do harm', () => {
  it.each(hostile)('of %s is refused in time', (_, text) => {
    const started = performance.now()

    const parsed = parseProfile(text)

    expect(parsed.ok).toBe(false)
    // A machine that does ten other things still needs less than this; what hangs needs more.
    expect(performance.now() - started).toBeLessThan(5_000)
  })
})
