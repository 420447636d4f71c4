import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { configDocs } from '../../../src/config/config-docs.ts'
import type { JsonSchema } from '../../../src/config/schema-json.ts'
import { schemaJson } from '../../../src/config/schema-json.ts'

const root = join(import.meta.dirname, '../../..')

test('config/schema.json is what `npm run schema` writes', async () => {
  const written = await readFile(join(root, 'config/schema.json'), 'utf8')
  expect(written).toBe(`${JSON.stringify(schemaJson(), undefined, 2)}\n`)
})

test('docs/config.md is what `npm run schema` writes', async () => {
  expect(await readFile(join(root, 'docs/config.md'), 'utf8')).toBe(configDocs(schemaJson()))
})

test('every key says what it does', () => {
  const silent: string[] = []
  const look = (schema: JsonSchema, path: string): void => {
    for (const [key, inner] of Object.entries(schema.properties ?? {})) {
      if (inner.description === undefined) silent.push(`${path}.${key}`)
      look(inner, `${path}.${key}`)
    }
    if (schema.additionalProperties instanceof Object)
      look(schema.additionalProperties, `${path}.*`)
    if (schema.items !== undefined) look(schema.items, `${path}[]`)
    for (const inner of schema.anyOf ?? []) look(inner, path)
  }
  look(schemaJson(), '')
  expect(silent).toEqual([])
})
