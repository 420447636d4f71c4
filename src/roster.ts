/** Where one item stands on a roster; empty once it has left. */
export interface Entry<T> {
  item: T | undefined
}

/**
 * Those who are there, for what comes and goes thousands of times a second and holds much: sockets,
 * sessions. In a Set they would stay in memory long after they have left. A Set replaces its table
 * all the time, and once a table has reached V8's old generation, so does each that follows; one
 * that was replaced is garbage, but keeps everything that stood in it from the collector of the young
 * generation: until the next full collection, which has that much more to do. Here such a table
 * keeps entries, and they are empty by then: test/unit/roster.test.ts measures it.
 */
export class Roster<T extends object> {
  readonly #entries = new Set<Entry<T>>()

  get size(): number {
    return this.#entries.size
  }

  enter(item: T): Entry<T> {
    const entry = { item }
    this.#entries.add(entry)
    return entry
  }

  /** A second call does nothing. */
  leave(entry: Entry<T>): void {
    this.#entries.delete(entry)
    entry.item = undefined
  }

  /** In the order of entering. Who leaves meanwhile is not called any more, who enters is. */
  forEach(call: (item: T) => void): void {
    for (const { item } of this.#entries) if (item !== undefined) call(item)
  }
}
