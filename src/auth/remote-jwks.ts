import type { KeyObject } from 'node:crypto'
import { GatewayError } from '../errors.ts'
import { publicAlgorithms } from './algorithms.ts'
import type { JwksFetch } from './fetch-jwks.ts'
import { KeySet } from './jwks.ts'
import { noKey } from './key-source.ts'
import type { KeySource, WantedKey } from './key-source.ts'

/** How old keys may get before newer ones are fetched beside the requests that use them. */
const freshMs = 600_000
/**
 * After this the issuer is as good as unknown: who has taken a key back meanwhile could not say so.
 */
const staleMs = 86_400_000
/**
 * Between the fetches that tokens can provoke: whoever makes up key ids makes us ask no more often.
 */
const cooldownMs = 30_000
/**
 * While there are no keys at all, nobody passes: to find out that the issuer is back is worth more
 * than its peace.
 */
const retryMs = 5_000

export interface RemoteOptions {
  readonly fetch: JwksFetch
  /** Told of every fetch that failed, also where older keys go on working. */
  readonly onFailure: (error: Error) => void
  /** Epoch milliseconds. */
  readonly now: () => number
}

/**
 * The keys that an issuer publishes under a URL. They are fetched once for all who wait, again
 * where a token names one that is not there, and now and then beside requests that do not wait.
 * While the issuer is away, the keys of before go on working; a key that nobody has seen passes
 * nobody.
 */
export class RemoteKeySet implements KeySource {
  readonly algorithms = publicAlgorithms
  readonly #options: RemoteOptions
  #keys: KeySet | undefined
  #fetchedAt = -Infinity
  #triedAt = -Infinity
  /** Why the last fetch failed. */
  #failure: Error | undefined
  /** Never rejects. */
  #fetching: Promise<void> | undefined
  readonly #closing = new AbortController()

  constructor(options: RemoteOptions) {
    this.#options = options
  }

  async find(wanted: WantedKey, signal: AbortSignal): Promise<KeyObject> {
    const keys = await this.#current(signal)
    const found = keys.find(wanted)
    if (found !== undefined) return found
    await this.#refresh(cooldownMs, signal)
    const newer = this.#keys?.find(wanted)
    if (newer !== undefined) return newer
    throw this.#failure === undefined ? noKey() : this.#unavailable()
  }

  close(): void {
    this.#closing.abort()
  }

  async #current(signal: AbortSignal): Promise<KeySet> {
    const { now } = this.#options
    const usable = (): boolean => now() - this.#fetchedAt < staleMs
    if (!usable()) {
      await this.#refresh(retryMs, signal)
    } else if (now() - this.#fetchedAt >= freshMs) {
      // Under load somebody has asked not long ago. Where nobody has, a key that was taken back
      // meanwhile must not pass.
      const forgotten = now() - this.#triedAt >= 2 * freshMs
      const refreshed = this.#refresh(cooldownMs, signal)
      if (forgotten) await refreshed
      else refreshed.catch(() => undefined) // The signal's reason, which is not about this.
    }
    if (this.#keys === undefined || !usable()) throw this.#unavailable()
    return this.#keys
  }

  /**
   * Resolves after the fetch that is under way, or after one that starts now, or at once where it
   * is too early for one.
   */
  async #refresh(afterMs: number, signal: AbortSignal): Promise<void> {
    const { now } = this.#options
    if (this.#fetching === undefined) {
      if (now() - this.#triedAt < afterMs || this.#closing.signal.aborted) return
      this.#triedAt = now()
      this.#fetching = this.#fetch().finally(() => {
        this.#fetching = undefined
      })
    }
    await unlessAborted(this.#fetching, signal)
  }

  async #fetch(): Promise<void> {
    const { fetch, now, onFailure } = this.#options
    try {
      this.#keys = new KeySet(await fetch(this.#closing.signal))
      this.#fetchedAt = now()
      this.#failure = undefined
    } catch (error) {
      if (this.#closing.signal.aborted) return
      this.#failure = error instanceof Error ? error : new Error(String(error))
      onFailure(this.#failure)
    }
  }

  #unavailable(): GatewayError {
    const why = this.#failure?.message ?? 'nobody has answered yet'
    return new GatewayError('auth-unavailable', `the issuer's keys cannot be had: ${why}`)
  }
}

/** One who waits leaves with its own connection; the others wait on. */
function unlessAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(signal.reason)
    if (signal.aborted) return leave()
    signal.addEventListener('abort', leave, { once: true })
    void work.then(() => {
      signal.removeEventListener('abort', leave)
      resolve()
    })
  })
}
