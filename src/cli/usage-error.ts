/** What was typed makes no sense: usage and the reason go to stderr, and the exit code is 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
