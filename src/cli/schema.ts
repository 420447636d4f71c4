import { schemaJson } from '../config/schema-json.ts'
import { defineCommand } from './command.ts'

export const schema = defineCommand({
  usage: 'schema',
  summary: 'Print the JSON Schema of the configuration, for editors',
  flags: {},
  examples: [['$0 schema > drawbridge.schema.json', 'Keep a copy for an editor']],
  run() {
    process.stdout.write(`${JSON.stringify(schemaJson(), null, 2)}\n`)
    return Promise.resolve(0)
  },
})
