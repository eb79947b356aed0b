import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect } from 'vitest'
import { checkBalance } from '../../simulators/report/balance.ts'
import type { Report } from '../../simulators/report/schema.ts'

const schema = JSON.parse(
  readFileSync(new URL('../../assets/schema/report.schema.json', import.meta.url), 'utf8'),
)
const validate = new Ajv2020({ strict: false, validateFormats: false }).compile<Report>(schema)

/** The report that some text is: it keeps to the published schema, and its books balance. */
export function validReport(text: string): Report {
  const report: unknown = JSON.parse(text)
  if (!validate(report)) expect.fail(JSON.stringify(validate.errors, null, 2))
  expect(checkBalance(report)).toEqual([])
  return report
}
