export interface Thresholds {
  /** Failed checks in a row that mark a server down. */
  readonly unhealthyAfter: number
  /** Passed checks in a row that mark it up again. */
  readonly healthyAfter: number
}

/**
 * What the checks of a server come to. It is taken for up until one has been made; the first
 * decides at once, so that a gateway that starts beside a dead server knows soon.
 */
export class Verdict {
  readonly #thresholds: Thresholds
  #decided = false
  #down = false
  #passes = 0
  #failures = 0

  constructor(thresholds: Thresholds) {
    this.#thresholds = thresholds
  }

  get down(): boolean {
    return this.#down
  }

  /** As many checks in a row have passed as mark a server up. */
  get proven(): boolean {
    return this.#passes >= this.#thresholds.healthyAfter
  }

  passed(): void {
    this.#passes++
    this.#failures = 0
    if (this.proven) this.#down = false
    this.#decided = true
  }

  failed(): void {
    this.#failures++
    this.#passes = 0
    if (!this.#decided || this.#failures >= this.#thresholds.unhealthyAfter) this.#down = true
    this.#decided = true
  }

  /** Something else speaks against the server: it has to be proven anew. */
  doubt(): void {
    this.#passes = 0
  }

  /** Other thresholds were there so far. */
  goOnFrom(before: Verdict): void {
    this.#decided = before.#decided
    this.#down = before.#down
    this.#passes = before.#passes
    this.#failures = before.#failures
  }
}
