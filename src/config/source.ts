import type { KeyPath, Problem } from './problem.ts'
import { formatPath } from './problem.ts'
import { holdsSecret, withoutLogin } from './secret.ts'

/** What is known of one value of a configuration that was read. */
export interface Entry {
  /**
   * Offset of the key that leads to it, and of the value; undefined where it came from an object,
   * not from a file.
   */
  readonly keyAt?: number | undefined
  readonly valueAt?: number | undefined
  /** What a message shows of it. */
  readonly shown: string
  /** `shown` is the source text itself, which must not appear under a key that holds a secret. */
  readonly verbatim?: boolean
}

/** A configuration as it was read: plain values, and where each of them stands. */
export class Source {
  value: unknown
  /** What reading it found wrong. */
  readonly problems: Problem[] = []
  readonly #entries = new Map<string, Entry>()
  /** Where something is wrong already, so that its consequences are not told. */
  readonly #broken = new Set<string>()
  readonly #prefix: string
  readonly #position: (offset: number) => { line: number; col: number } | undefined

  constructor(
    prefix: string,
    position: (offset: number) => { line: number; col: number } | undefined,
  ) {
    this.#prefix = prefix
    this.#position = position
  }

  add(path: KeyPath, entry: Entry): void {
    this.#entries.set(JSON.stringify(path), entry)
  }

  /** Reports a value that could not be read; whatever else is wrong with it follows from that. */
  breakAt(problem: Problem): void {
    this.problems.push(problem)
    this.markBroken(problem.path)
  }

  /** Something is told already that explains what is wrong, or missing, here. */
  markBroken(path: KeyPath): void {
    this.#broken.add(JSON.stringify(path))
  }

  has(path: KeyPath): boolean {
    return this.#entries.has(JSON.stringify(path))
  }

  keyAt(path: KeyPath): number | undefined {
    return this.#entries.get(JSON.stringify(path))?.keyAt
  }

  isBroken(path: KeyPath): boolean {
    return path.some((_, at) => this.#broken.has(JSON.stringify(path.slice(0, at + 1))))
  }

  /** One line per problem, in the order of the file; the same mistake at the same place once. */
  format(problems: readonly Problem[]): string[] {
    const lines = problems.map((problem, at) => ({ at, offset: this.#offset(problem), problem }))
    lines.sort((a, b) => a.offset - b.offset || a.at - b.at)
    return [...new Set(lines.map(({ problem, offset }) => this.#line(problem, offset)))]
  }

  /** A remark that has a place, without found and expected. */
  remark(path: KeyPath, text: string): string {
    return `${this.#where(this.#offset({ path, expected: '' }))}${formatPath(path)}: ${text}`
  }

  #line(problem: Problem, offset: number): string {
    const found = [
      problem.found ?? this.#found(problem.path),
      ...(problem.why ? [problem.why] : []),
    ].join(', ')
    return `${this.#where(offset)}${formatPath(problem.path)}: found ${found}, expected ${problem.expected}`
  }

  #where(offset: number): string {
    const position = this.#position(offset)
    if (position === undefined) return this.#prefix === '' ? '' : `${this.#prefix}: `
    return `${this.#prefix}:${position.line}:${position.col}: `
  }

  #found(path: KeyPath): string {
    const entry = this.#entries.get(JSON.stringify(path))
    if (entry === undefined) return 'nothing'
    return entry.verbatim === true && holdsSecret(path) ? 'a value (not shown)' : entry.shown
  }

  #offset(problem: Problem): number {
    if (problem.offset !== undefined) return problem.offset
    // What is missing is missing from the nearest thing around it that is there; that has a key, or
    // a place in a list.
    for (let length = problem.path.length; length > 0; length--) {
      const entry = this.#entries.get(JSON.stringify(problem.path.slice(0, length)))
      if (entry === undefined) continue
      const whole = length === problem.path.length
      return (whole ? entry.valueAt : (entry.keyAt ?? entry.valueAt)) ?? 0
    }
    return 0
  }
}

const longest = 60

/** A piece of source text, made fit for one line. */
export function shownText(text: string): string {
  // Whoever pastes a key where its path belongs shall not find it in a log.
  if (text.includes('-----BEGIN')) return 'the text of a PEM file'
  const line = withoutLogin(text)
    .replace(/\s+/g, ' ')
    .replace(/\p{Cc}|\p{Cf}/gu, '?')
    .trim()
  return line.length > longest ? `${line.slice(0, longest)}...` : line
}
