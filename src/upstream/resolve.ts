import { lookup } from 'node:dns'
import type { LookupAddress } from 'node:dns'
import { GatewayError } from '../errors.ts'

export type Resolved = (error: GatewayError | undefined, addresses: LookupAddress[]) => void

/** One name being looked up, or waiting to be, and all who want to know. */
interface Lookup {
  readonly name: string
  readonly callbacks: Set<Resolved>
  running: boolean
}

/**
 * Names to addresses through `dns.lookup`, so that /etc/hosts and nsswitch.conf count. It blocks
 * one of libuv's four threads for as long as the system's resolver takes: at most two names are
 * looked up at once, which leaves threads for the file system however slow the DNS is. Those who
 * ask for the same name meanwhile share one look-up.
 */
export class Resolver {
  readonly #limit: number
  /** In the order of asking. */
  readonly #lookups = new Map<string, Lookup>()
  #running = 0

  constructor(limit = 2) {
    this.#limit = limit
  }

  /**
   * Calls back with one address or more, or with an `upstream-unresolved`.
   * @returns takes the question back: a look-up that nobody waits for is not started
   */
  resolve(name: string, callback: Resolved): () => void {
    const lookup = this.#lookups.get(name) ?? { name, callbacks: new Set(), running: false }
    this.#lookups.set(name, lookup)
    lookup.callbacks.add(callback)
    this.#startNext()
    return () => {
      lookup.callbacks.delete(callback)
      if (!lookup.running && lookup.callbacks.size === 0) this.#lookups.delete(name)
    }
  }

  #startNext(): void {
    if (this.#running >= this.#limit) return
    for (const lookup of this.#lookups.values()) {
      if (!lookup.running) {
        this.#start(lookup)
        if (this.#running >= this.#limit) return
      }
    }
  }

  #start(asked: Lookup): void {
    asked.running = true
    this.#running++
    lookup(asked.name, { all: true }, (error, addresses) => {
      this.#running--
      this.#lookups.delete(asked.name)
      const failure = error === null ? undefined : unresolved(asked.name, error)
      for (const callback of asked.callbacks) callback(failure, addresses)
      this.#startNext()
    })
  }
}

function unresolved(name: string, cause: NodeJS.ErrnoException): GatewayError {
  return new GatewayError('upstream-unresolved', `${name}: ${cause.code ?? cause.message}`, {
    cause,
  })
}
