import { defineCommand } from './command.ts'
import { configFile } from './config-file.ts'
import { UsageError } from './usage-error.ts'

export const check = defineCommand({
  usage: 'check',
  summary: 'Check a configuration file: all of its mistakes, one a line',
  flags: {
    config: { kind: 'text', describe: 'The configuration file; by default drawbridge.yaml' },
  },
  examples: [['$0 check --config drawbridge.yaml', 'Print ok, or every mistake with its line']],
  async run({ values }) {
    const file = configFile(values.config)
    if (file === undefined) throw new UsageError('--config: name the file to check')
    const { loadConfig } = await import('../config/load.ts')
    const { warnings } = await loadConfig({ file, env: process.env })
    for (const warning of warnings) process.stderr.write(`${warning}\n`)
    process.stdout.write('ok\n')
    return 0
  },
})
