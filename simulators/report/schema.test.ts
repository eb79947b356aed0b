import { readFile, writeFile } from 'node:fs/promises'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect, it } from 'vitest'
import { runOutcome } from '../../tests/support/run-outcome.ts'
import { buildReport } from './build.ts'
import { reportJsonSchema, reportSchema } from './schema.ts'

const checkedIn = new URL('../../assets/schema/report.schema.json', import.meta.url)

it('is checked in as JSON Schema, up to date (npm run schema writes it)', async () => {
  if (process.env.FLOTILLA_WRITE === '1')
    await writeFile(checkedIn, `${JSON.stringify(reportJsonSchema(), null, 2)}\n`)

  expect(JSON.parse(await readFile(checkedIn, 'utf8'))).toEqual(reportJsonSchema())
})

it('describes a report to those who read it in another language', () => {
  const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(reportJsonSchema())

  expect(validate(buildReport(runOutcome())), JSON.stringify(validate.errors)).toBe(true)
  expect(validate({ ...buildReport(runOutcome()), verdict: 'maybe' })).toBe(false)
  expect(validate({ ...buildReport(runOutcome()), extra: 1 })).toBe(false)
})

it('refuses a report of another version', () => {
  expect(reportSchema.safeParse({ ...buildReport(runOutcome()), version: 2 }).success).toBe(false)
})
