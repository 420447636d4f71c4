/**
 * What is counted under some label values until somebody asks. prom-client validates, sorts and
 * joins the labels at every call, which is much for what happens ten times a session and is read
 * once in a while.
 */
export class LabelCounts {
  readonly #counts = new Map<string, { readonly values: readonly string[]; amount: number }>()

  /** @param values the label values, in the same order always; none has a NUL */
  add(values: readonly string[], amount = 1): void {
    const key = values.join('\0')
    const count = this.#counts.get(key)
    if (count === undefined) this.#counts.set(key, { values, amount })
    else count.amount += amount
  }

  /** Hands over what has been counted since the last time, zeros of new labels too. */
  drain(take: (values: readonly string[], amount: number) => void): void {
    for (const { values, amount } of this.#counts.values()) take(values, amount)
    this.#counts.clear()
  }
}
