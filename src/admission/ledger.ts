/**
 * Counts what is held under each key. A place is acquired, not looked at: two that ask at once
 * cannot both get the last.
 */
export class Ledger {
  readonly #held = new Map<string, number>()

  /** Keys under which something is held. */
  get size(): number {
    return this.#held.size
  }

  /** Places taken under a key. */
  held(key: string): number {
    return this.#held.get(key) ?? 0
  }

  /**
   * @param max `Infinity` for no limit
   * @returns gives the place back, once however often it is called; undefined where `max` places
   *   are taken
   */
  acquire(key: string, max: number): (() => void) | undefined {
    const held = this.held(key)
    if (held >= max) return undefined
    this.#held.set(key, held + 1)
    let released = false
    return () => {
      if (released) return
      released = true
      const left = this.held(key) - 1
      if (left === 0) this.#held.delete(key)
      else this.#held.set(key, left)
    }
  }
}
