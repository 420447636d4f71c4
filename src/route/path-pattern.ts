import { foldPathPattern } from '../config/path-pattern.ts'

/** A route's `match.path`: exact, or `/prefix/*`. */
export class PathPattern {
  readonly #written: string
  readonly #folded: string

  constructor(pattern: string) {
    // `/chat/` is `/chat`: an exact pattern takes both paths anyway.
    this.#written = pattern.replace(/(.)\/$/, '$1')
    this.#folded = foldPathPattern(pattern)
  }

  /** Whether a path as it stands falls under the pattern as it is written. */
  matches(path: string): boolean {
    return fits(this.#written, path)
  }

  /**
   * Whether a reading of a path falls under the pattern the way a backend that folds would see
   * both.
   */
  matchesReading(reading: string): boolean {
    return fits(this.#folded, reading)
  }
}

/**
 * At segment boundaries only: `/chat/*` takes `/chat` and `/chat/x`, not `/chatter`. An exact one
 * takes a trailing slash.
 */
function fits(pattern: string, path: string): boolean {
  if (pattern.endsWith('/*')) {
    return path === pattern.slice(0, -2) || path.startsWith(pattern.slice(0, -1))
  }
  return path === pattern || (path.length === pattern.length + 1 && path === `${pattern}/`)
}

/**
 * What of a path its route matched literally: the longest `/prefix/*` among the patterns, without
 * the asterisk and its slash; empty where none has one.
 */
export function strippedPrefix(patterns: readonly string[], path: string): string {
  let longest = ''
  for (const pattern of patterns) {
    if (!pattern.endsWith('/*') || !fits(pattern, path)) continue
    if (pattern.length - 2 > longest.length) longest = pattern.slice(0, -2)
  }
  return longest
}
