/**
 * The header lines of a request as they came: names in the client's case, values as latin1 text.
 */
export interface HeaderLines {
  /** Name, value, name, value … in the client's order and case. */
  readonly raw: readonly string[]
  /**
   * The value of a header that came once. Duplicates of singletons were refused; any other that
   * came more than once has no one value, and undefined is returned. `name` is lower case.
   */
  one(name: string): string | undefined
  /** Every value of a header, one entry a line. `name` is lower case. */
  all(name: string): readonly string[]
  /** Other lines in the same kind of view; whoever changes a request is rarely this stage. */
  replaced(raw: readonly string[]): HeaderLines
}

const none: readonly string[] = []

/** Looks through the lines, of which there are few: an index would cost more than it is asked. */
export class RawHeaderLines implements HeaderLines {
  readonly raw: readonly string[]
  /** In lower case. */
  readonly #names: readonly string[]

  constructor(raw: readonly string[]) {
    this.raw = raw
    const names: string[] = []
    for (let at = 0; at + 1 < raw.length; at += 2) names.push(raw[at]!.toLowerCase())
    this.#names = names
  }

  one(name: string): string | undefined {
    const at = this.#names.indexOf(name)
    if (at === -1 || this.#names.includes(name, at + 1)) return undefined
    return this.raw[at * 2 + 1]
  }

  all(name: string): readonly string[] {
    const first = this.#names.indexOf(name)
    if (first === -1) return none
    const values = [this.raw[first * 2 + 1]!]
    for (let at = first; (at = this.#names.indexOf(name, at + 1)) !== -1;) {
      values.push(this.raw[at * 2 + 1]!)
    }
    return values
  }

  /** Whether a header came more than once. `name` is lower case. */
  isRepeated(name: string): boolean {
    const at = this.#names.indexOf(name)
    return at !== -1 && this.#names.includes(name, at + 1)
  }

  replaced(raw: readonly string[]): HeaderLines {
    return new RawHeaderLines(raw)
  }
}
