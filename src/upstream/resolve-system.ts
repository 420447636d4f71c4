import { lookup } from 'node:dns/promises'
import type { LookupAddress } from 'node:dns'

/**
 * The system's own way from names to addresses, `dns.lookup`: nsswitch.conf and search domains count,
 * times to live are lost. It blocks one of libuv's four threads for as long as it takes: at most two
 * names are looked up at once, which leaves threads for the file system however slow the DNS is.
 */
export class SystemResolver {
  readonly #limit: number
  readonly #waiting: (() => void)[] = []
  #running = 0

  constructor(limit = 2) {
    this.#limit = limit
  }

  /** @throws {Error} with a `code` such as ENOTFOUND */
  async addresses(name: string): Promise<LookupAddress[]> {
    if (this.#running >= this.#limit) {
      const turn = Promise.withResolvers<void>()
      this.#waiting.push(turn.resolve)
      await turn.promise
    } else {
      this.#running++
    }
    try {
      return await lookup(name, { all: true })
    } finally {
      const next = this.#waiting.shift()
      // The place goes on to the next in the line.
      if (next === undefined) this.#running--
      else next()
    }
  }
}
