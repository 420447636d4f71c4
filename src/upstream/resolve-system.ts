import { lookup } from 'node:dns/promises'
import type { LookupAddress } from 'node:dns'

/**
 * The system's own way from names to addresses, `dns.lookup`: nsswitch.conf and search domains count,
 * times to live are lost. It blocks one of libuv's four threads for as long as it takes: at most two
 * names are looked up at once, which leaves threads for the file system however slow the DNS is. As
 * many as may wait do; clients may choose the names.
 */
export class SystemResolver {
  readonly #limit: number
  readonly #mostWaiting: number
  readonly #waiting = new Set<() => void>()
  #running = 0

  constructor(limit = 2, mostWaiting = 128) {
    this.#limit = limit
    this.#mostWaiting = mostWaiting
  }

  /**
   * @throws {Error} with a `code` such as ENOTFOUND; without one where too many wait; the signal's
   * reason, where that comes while the name waits
   */
  async addresses(name: string, signal?: AbortSignal): Promise<LookupAddress[]> {
    signal?.throwIfAborted()
    if (this.#running >= this.#limit) await this.#turn(signal)
    else this.#running++
    try {
      return await lookup(name, { all: true })
    } finally {
      const [next] = this.#waiting
      // The place goes on to the next in the line.
      if (next === undefined) this.#running--
      else {
        this.#waiting.delete(next)
        next()
      }
    }
  }

  async #turn(signal: AbortSignal | undefined): Promise<void> {
    if (this.#waiting.size >= this.#mostWaiting) {
      throw new Error(`${this.#mostWaiting} names are waiting to be looked up`)
    }
    const turn = Promise.withResolvers<void>()
    const leave = (): void => {
      if (this.#waiting.delete(turn.resolve)) turn.reject(signal?.reason)
    }
    this.#waiting.add(turn.resolve)
    signal?.addEventListener('abort', leave, { once: true })
    try {
      await turn.promise
    } finally {
      signal?.removeEventListener('abort', leave)
    }
  }
}
