import type { Rate } from '../config/rate.ts'
import { TokenBucket } from '../config/token-bucket.ts'

interface Metered {
  readonly bucket: TokenBucket
  usedAt: number
}

/** Meters one rate for every client apart, in bounded memory. Bursts of one second's worth pass. */
export class ClientRate {
  readonly #rate: Rate
  readonly #burst: number
  readonly #maxClients: number
  /**
   * How long an empty bucket takes to be full: one unused for so long is worth no more than a new
   * one.
   */
  readonly #refillMs: number
  /** The longest unused first. */
  readonly #clients = new Map<string, Metered>()

  constructor(rate: Rate, maxClients = 100_000) {
    this.#rate = rate
    this.#burst = Math.max(1, (rate.count * 1000) / rate.perMs)
    this.#refillMs = (this.#burst * rate.perMs) / rate.count
    this.#maxClients = maxClients
  }

  /** Clients that are remembered. */
  get size(): number {
    return this.#clients.size
  }

  /** @returns false where the client is over the rate. @param now monotonic milliseconds */
  take(client: string, now: number): boolean {
    if (this.#rate.count === Infinity) return true
    const known = this.#clients.get(client)
    this.#clients.delete(client)
    this.#forget(now)
    const bucket = known?.bucket ?? new TokenBucket(this.#rate, this.#burst, now)
    this.#clients.set(client, { bucket, usedAt: now })
    return bucket.take(now)
  }

  /**
   * Drops those that are full again, two at most, so that no call is dear; and the oldest where the
   * memory is used up.
   */
  #forget(now: number): void {
    let looked = 0
    for (const [client, { usedAt }] of this.#clients) {
      const full = now - usedAt >= this.#refillMs
      if (!full && this.#clients.size < this.#maxClients) return
      this.#clients.delete(client)
      looked += 1
      if (looked === 2) return
    }
  }
}
