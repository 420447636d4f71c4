import yargs, { type Options } from 'yargs'
import { certs } from './certs.ts'
import { check } from './check.ts'
import type { Command } from './command.ts'
import { demo } from './demo.ts'
import { describeFailure } from './failure.ts'
import { variableOf, type FlagSpec } from './flags.ts'
import { health } from './health.ts'
import { schema } from './schema.ts'
import { serve } from './serve.ts'
import { UsageError } from './usage-error.ts'
import { version } from './version.ts'
import { websockify } from './websockify.ts'

const commands: readonly Command[] = [serve, check, schema, certs, health, demo]

/**
 * Runs the command line. @returns the exit code: 0, 1 for what went wrong, 2 for what makes no
 * sense
 */
export async function main(argv: readonly string[]): Promise<number> {
  // It has the command line of another program, which yargs would read otherwise.
  if (argv[0] === websockify.name) return await websockify.run(argv.slice(1), process.env)
  let exitCode = 0
  const parser = yargs([...argv])
    .scriptName('drawbridge')
    .usage('$0: a WebSocket edge for web applications and TCP services')
    // One language for messages that scripts and tests read.
    .locale('en')
    .parserConfiguration({
      'camel-case-expansion': false,
      'dot-notation': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'boolean-negation': false,
    })
    .version(version)
    .help()
    .alias('h', 'help')
    .wrap(100)
    .strict()
    .exitProcess(false)
    .fail((message, error) => {
      // What yargs itself objects to comes as its own error, or as a message alone.
      if (error instanceof Error && error.name !== 'YError') throw error
      throw new UsageError(message)
    })
  for (const command of commands) {
    const names = command === serve ? [command.usage, '$0'] : command.usage
    parser.command({
      command: names,
      describe: command.summary,
      builder: (builder) => {
        for (const [name, spec] of Object.entries(command.flags)) {
          builder.option(name, optionOf(name, spec))
        }
        if (command.positional !== undefined) {
          const { name, describe } = command.positional
          builder.positional(name, { type: 'string', describe, demandOption: true })
        }
        for (const [line, meaning] of command.examples) builder.example(line, meaning)
        return builder
      },
      handler: async (typed) => {
        exitCode = await command.run(typed, process.env)
      },
    })
  }
  parser.command(websockify.name, websockify.summary)
  try {
    await parser.parseAsync()
    return exitCode
  } catch (error) {
    if (error instanceof UsageError) {
      const help = await parser.getHelp()
      process.stderr.write(`${help}\n\n${error.message}\n`)
      return 2
    }
    process.stderr.write(describeFailure(error))
    return 1
  }
}

function optionOf(name: string, spec: FlagSpec): Options {
  const describe = `${spec.describe} [${variableOf(name)}]`
  if (spec.kind === 'switch') return { type: 'boolean', describe }
  return { type: 'string', array: spec.kind === 'list', requiresArg: true, describe }
}
