import type { Rate } from './rate.ts'

/**
 * Meters a rate: holds up to `burst` tokens, fills at the rate, starts full. Times are monotonic
 * milliseconds and are handed in, so that it needs no timer and one look at the clock serves many
 * buckets.
 */
export class TokenBucket {
  readonly #rate: Rate
  readonly #burst: number
  #tokens: number
  #filledAt: number

  constructor(rate: Rate, burst: number, now: number) {
    this.#rate = rate
    this.#burst = burst
    this.#tokens = burst
    this.#filledAt = now
  }

  /** @returns false, and takes nothing, where fewer than `n` tokens are left */
  take(now: number, n = 1): boolean {
    if (this.#rate.count === Infinity) return true
    // A clock that is handed in twice or went back a little fills nothing, and takes nothing away.
    if (now > this.#filledAt) {
      const filled = this.#tokens + ((now - this.#filledAt) * this.#rate.count) / this.#rate.perMs
      this.#tokens = Math.min(this.#burst, filled)
      this.#filledAt = now
    }
    if (this.#tokens < n) return false
    this.#tokens -= n
    return true
  }
}
