import { describeFailure } from './failure.ts'
import { UsageError } from './usage-error.ts'
import { parseCommandLine } from './websockify/command-line.ts'
import { helpText } from './websockify/help.ts'
import { ownFlags } from './websockify/own-flags.ts'

/** The command that stands in for websockify, with its command line. */
export const websockify = {
  name: 'websockify',
  summary: 'Take websockify’s own command line and do what it would have done',

  /** @returns the exit code */
  async run(
    argv: readonly string[],
    env: Readonly<Record<string, string | undefined>>,
  ): Promise<number> {
    if (argv.some((word, at) => isHelp(word) && !argv.slice(0, at).includes('--'))) {
      process.stdout.write(helpText())
      return 0
    }
    try {
      const line = parseCommandLine(argv, ownFlags)
      const { serveWebsockify } = await import('./websockify/serving.ts')
      return await serveWebsockify(line, env)
    } catch (error) {
      if (!(error instanceof UsageError)) {
        process.stderr.write(describeFailure(error))
        return 1
      }
      process.stderr.write(`drawbridge websockify: ${error.message}\n(--help shows every option)\n`)
      return 2
    }
  },
} as const

function isHelp(word: string): boolean {
  return word === '-h' || word === '--help'
}
