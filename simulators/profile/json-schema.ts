import { z } from 'zod'
import { profileSchema } from './schema/profile.ts'

/** The part of JSON Schema (draft 7) that the profile uses. */
export interface JsonSchema {
  $id?: string
  $ref?: string
  title?: string
  type?: string
  description?: string
  examples?: unknown[]
  default?: unknown
  const?: unknown
  enum?: unknown[]
  pattern?: string
  minimum?: number
  maximum?: number
  minLength?: number
  maxLength?: number
  maxItems?: number
  properties?: Record<string, JsonSchema>
  required?: string[]
  items?: JsonSchema
  additionalProperties?: boolean | JsonSchema
  anyOf?: JsonSchema[]
  oneOf?: JsonSchema[]
  allOf?: JsonSchema[]
  definitions?: Record<string, JsonSchema>
}

/** The published JSON Schema of a profile file, made from the zod schema that Flotilla itself uses. */
export function profileJsonSchema(): JsonSchema {
  const schema = z.toJSONSchema(profileSchema, {
    target: 'draft-7',
    io: 'input',
    // zod leaves examples out where a value is transformed, because they might be of the output; ours are of the input.
    override: ({ zodSchema, jsonSchema }) => {
      const examples = z.globalRegistry.get(zodSchema)?.examples
      if (Array.isArray(examples)) jsonSchema.examples = examples
    },
  })
  return {
    // zod types its result by the whole of JSON Schema; what it makes of our schema uses this part of it.
    ...(schema as JsonSchema),
    $id: 'urn:flotilla:profile:1',
    title: 'Flotilla profile',
    description: 'One test: brokers, fleets of simulated devices, stages, observers and thresholds.',
  }
}

/** The text of assets/schema/profile.schema.json. */
export function profileSchemaText(): string {
  return `${JSON.stringify(profileJsonSchema(), null, 2)}\n`
}

/** Every schema that may apply to the value at a path, unions opened. */
export function schemasAt(root: JsonSchema, path: readonly (string | number)[]): JsonSchema[] {
  let found = opened(root)
  for (const segment of path) found = found.flatMap((schema) => step(schema, segment)).flatMap(opened)
  return found
}

function step(schema: JsonSchema, segment: string | number): JsonSchema[] {
  if (typeof segment === 'number') return schema.items ? [schema.items] : []
  const properties = schema.properties ?? {}
  const property = Object.hasOwn(properties, segment) ? properties[segment] : undefined
  if (property) return [property]
  return typeof schema.additionalProperties === 'object' ? [schema.additionalProperties] : []
}

/** A schema and, for a union, its options. References lead only into payload JSON, where every key is welcome. */
function opened(schema: JsonSchema): JsonSchema[] {
  const options = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])]
  return [schema, ...options.flatMap(opened)]
}
