import { parseTarget } from './target.ts'
import type { Target } from './target.ts'

export interface TokenLines {
  readonly targets: ReadonlyMap<string, Target>
  /** From 1: those that say nothing that can be used. */
  readonly broken: readonly number[]
}

/**
 * Reads lines `token: host:port` as websockify writes them: `#` begins a comment, blank lines mean
 * nothing, a colon and a blank end the token. Of a token that stands twice the last line counts.
 */
export function parseTokenLines(text: string): TokenLines {
  const targets = new Map<string, Target>()
  const broken: number[] = []
  for (const [index, line] of text.split('\n').entries()) {
    const written = line.trim()
    if (written === '' || written.startsWith('#')) continue
    const [, token = '', value = ''] = /^(.+?):\s+(.*)$/.exec(written) ?? []
    const target = parseTarget(value)
    if (target === undefined) broken.push(index + 1)
    else targets.set(token, target)
  }
  return { targets, broken }
}
