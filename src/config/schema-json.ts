import { z } from 'zod'
import { ConfigFile } from './schema.ts'

/** A JSON Schema as far as this schema needs it. */
export interface JsonSchema {
  readonly title?: string
  readonly description?: string
  readonly default?: unknown
  readonly type?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly JsonSchema[]
  readonly items?: JsonSchema
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly additionalProperties?: JsonSchema | boolean
  readonly required?: readonly string[]
}

/** The JSON Schema (draft 2020-12) of a configuration file, for editors. */
export function schemaJson(): JsonSchema {
  // zod's own type is wider; what it makes of this schema has this shape.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return z.toJSONSchema(ConfigFile, { io: 'input' }) as JsonSchema
}
