import { appendFileSync } from 'node:fs'
import { describe } from 'vitest'
import { findMosquitto } from './mosquitto.ts'

const STRICT = process.env.CI === 'true' || process.env.FLOTILLA_STRICT === '1'

/**
 * `describe` for tests that need a component of the machine. Without it they are skipped and the reason is told at
 * the end of `npm test`; in CI nothing is skipped, so that they fail and say what to install.
 */
function describeIf(found: boolean, reason: string): typeof describe.skip {
  if (found || STRICT) return describe
  const file = process.env.FLOTILLA_SKIPPED_FILE
  if (file) appendFileSync(file, `${reason}\n`)
  return describe.skip
}

/** Tests that talk to a real Mosquitto. */
export const describeWithMosquitto = describeIf(
  findMosquitto() !== undefined,
  'Mosquitto is not installed (apt-get install mosquitto, brew install mosquitto)',
)
