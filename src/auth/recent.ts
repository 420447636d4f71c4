/**
 * What was found out about credentials not long ago. Bounded in number: where there are more, the
 * ones that were put in first have to be found out again. Keys are fingerprints of whole
 * credentials, so that neither a part of one nor another that collides with it gets a verdict that
 * was not its own.
 */
export class Recent<T> {
  readonly #most: number
  readonly #now: () => number
  /** In the order of putting in. */
  readonly #entries = new Map<string, { readonly value: T; readonly until: number }>()

  /** @param now epoch milliseconds */
  constructor(most: number, now: () => number) {
    this.#most = most
    this.#now = now
  }

  get(key: string): T | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    if (this.#now() < entry.until) return entry.value
    this.#entries.delete(key)
    return undefined
  }

  /** @param until epoch milliseconds, from which on it does not count any more */
  put(key: string, value: T, until: number): void {
    this.#entries.delete(key)
    this.#entries.set(key, { value, until })
    if (this.#entries.size <= this.#most) return
    const [oldest] = this.#entries.keys()
    if (oldest !== undefined) this.#entries.delete(oldest)
  }
}
