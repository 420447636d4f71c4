import { readFlags, type Flags, type FlagSpecs } from './flags.ts'

/** What defines one command of the program: how it is called, what it takes, what it does. */
interface CommandDefinition<Specs extends FlagSpecs> extends CommandFace {
  readonly flags: Specs
  /**
   * Loads what it needs itself: a health check every few seconds must not load the gateway, nor a
   * gateway the demo.
   * @returns the exit code
   */
  run(flags: Flags<Specs>, positional: string): Promise<number>
}

interface CommandFace {
  /** As yargs writes it: `certs <dir>`. */
  readonly usage: string
  readonly summary: string
  /** The one positional argument, where `usage` has one. */
  readonly positional?: { readonly name: string; readonly describe: string }
  readonly examples: readonly (readonly [line: string, meaning: string])[]
}

/** One command as the command line runs it: from what was typed to an exit code. */
export interface Command extends CommandFace {
  readonly flags: FlagSpecs
  run(
    typed: Readonly<Record<string, unknown>>,
    env: Readonly<Record<string, string | undefined>>,
  ): Promise<number>
}

export function defineCommand<const Specs extends FlagSpecs>(
  definition: CommandDefinition<Specs>,
): Command {
  const { flags, positional } = definition
  return {
    ...definition,
    run: (typed, env) =>
      definition.run(
        readFlags(flags, typed, env),
        positional === undefined ? '' : String(typed[positional.name]),
      ),
  }
}
