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

/**
 * Header lines by name. A Map, since names are the peer's: `__proto__` is a header like any other.
 */
export class RawHeaderLines implements HeaderLines {
  readonly raw: readonly string[]
  readonly #byName = new Map<string, string[]>()

  constructor(raw: readonly string[]) {
    this.raw = raw
    for (let at = 0; at + 1 < raw.length; at += 2) {
      const name = raw[at]!.toLowerCase()
      const values = this.#byName.get(name)
      if (values === undefined) this.#byName.set(name, [raw[at + 1]!])
      else values.push(raw[at + 1]!)
    }
  }

  one(name: string): string | undefined {
    const values = this.#byName.get(name)
    return values?.length === 1 ? values[0] : undefined
  }

  all(name: string): readonly string[] {
    return this.#byName.get(name) ?? none
  }

  replaced(raw: readonly string[]): HeaderLines {
    return new RawHeaderLines(raw)
  }
}
