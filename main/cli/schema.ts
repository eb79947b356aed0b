import { AppError, profileJsonSchema, reportJsonSchema } from '../../simulators/index.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import type { CliHost } from './host.ts'

const SCHEMAS: ReadonlyMap<string, () => object> = new Map([
  ['profile', profileJsonSchema],
  ['report', reportJsonSchema],
])

/** Prints a JSON Schema, for editors and for programs that read reports. */
export function schemaCommand(host: CliHost, which: string): ExitCode {
  const schema = SCHEMAS.get(which)
  if (!schema) {
    throw new AppError({
      code: 'BAD_USAGE',
      message: `There is no schema ${which}`,
      hint: `Schemas: ${[...SCHEMAS.keys()].join(', ')}.`,
    })
  }
  host.stdout.write(`${JSON.stringify(schema(), null, 2)}\n`)
  return EXIT.pass
}
