import { defineCommand } from './command.ts'

export const schema = defineCommand({
  usage: 'schema',
  summary: 'Print the JSON Schema of the configuration, for editors',
  flags: {},
  examples: [['$0 schema > drawbridge.schema.json', 'Keep a copy for an editor']],
  async run() {
    const { schemaJson } = await import('../config/schema-json.ts')
    process.stdout.write(`${JSON.stringify(schemaJson(), null, 2)}\n`)
    return 0
  },
})
