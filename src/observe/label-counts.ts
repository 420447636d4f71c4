/**
 * What is counted under two label values until somebody asks. prom-client validates, sorts and
 * joins the labels at every call, which is much for what happens ten times a session and is read
 * once in a while.
 */
export class LabelCounts {
  readonly #counts = new Map<string, Map<string, number>>()

  add(first: string, second: string, amount = 1): void {
    let counts = this.#counts.get(first)
    if (counts === undefined) {
      counts = new Map()
      this.#counts.set(first, counts)
    }
    counts.set(second, (counts.get(second) ?? 0) + amount)
  }

  /** Hands over what has been counted since the last time, zeros of new labels too. */
  drain(take: (first: string, second: string, amount: number) => void): void {
    for (const [first, counts] of this.#counts) {
      for (const [second, amount] of counts) take(first, second, amount)
    }
    this.#counts.clear()
  }
}
