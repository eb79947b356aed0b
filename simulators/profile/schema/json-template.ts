import { z } from 'zod'
import { isTemplate } from './rules.ts'

/** Objections that are listed for one payload; the next ones would say the same. */
const MAX_OBJECTIONS = 20

type Json = z.core.util.JSONType

/** Any JSON whose strings are templates. */
export const jsonTemplate = () =>
  z.json().superRefine((value, context) => {
    let left = MAX_OBJECTIONS
    for (const [path, text] of strings(value, [])) {
      const objection = left > 0 ? isTemplate(text) : undefined
      if (!objection) continue
      left -= 1
      context.addIssue({
        code: 'custom',
        path: [...path],
        message: objection.message,
        params: { hint: objection.hint },
      })
    }
  })

function* strings(
  value: Json,
  path: readonly (string | number)[],
): Generator<[readonly (string | number)[], string]> {
  if (typeof value === 'string') yield [path, value]
  else if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) yield* strings(item, [...path, index])
  } else if (value !== null && typeof value === 'object') {
    for (const [key, item] of Object.entries(value)) yield* strings(item, [...path, key])
  }
}
