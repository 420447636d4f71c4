import { ConfigError } from '../config/problem.ts'

/**
 * What stderr says of something that ended a command. What an operator can act on (a configuration,
 * a taken port, a file) is one line each; only a bug of our own shows where it happened.
 */
export function describeFailure(error: unknown): string {
  if (error instanceof ConfigError) return error.problems.map((problem) => `${problem}\n`).join('')
  if (!(error instanceof Error)) return `drawbridge: ${String(error)}\n`
  if (isBug(error)) return `drawbridge: this is a bug: ${error.stack ?? error.message}\n`
  return `drawbridge: ${error.message.replaceAll('\n', ' ')}\n`
}

function isBug(error: Error): boolean {
  // Errors of the system and of TLS come as TypeError or RangeError too, but always with a code.
  if ('code' in error) return false
  return (
    error instanceof TypeError ||
    error instanceof RangeError ||
    error instanceof ReferenceError ||
    error instanceof SyntaxError
  )
}
