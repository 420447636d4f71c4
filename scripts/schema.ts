// npm run schema: writes what is made from the schema. A test fails while these files are not what
// this would write.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { configDocs } from '../src/config/config-docs.ts'
import { schemaJson } from '../src/config/schema-json.ts'

const root = join(import.meta.dirname, '..')
const schema = schemaJson()
await writeFile(join(root, 'config/schema.json'), `${JSON.stringify(schema, undefined, 2)}\n`)
await writeFile(join(root, 'docs/config.md'), configDocs(schema))
