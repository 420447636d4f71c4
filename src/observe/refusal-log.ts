import type { GatewayError, Token } from '../errors.ts'
import { logRefused, logRefusalSum, type RefusalFacts } from './connection-record.ts'
import type { Logger } from './logger.ts'
import type { Metrics } from './metrics.ts'
import { networkOf } from './network.ts'

/** Lines of one token from one network in one second; further ones are counted. */
const maxSingleLines = 10
const windowMs = 1000
/**
 * Pairs of token and network that are told apart in one second; further networks are counted
 * together, as `other`.
 */
const maxNetworks = 4096

interface Count {
  readonly token: Token
  readonly network: string
  refusals: number
}

/**
 * Tells refusals without letting them become a flood: nobody who is refused may decide how much we
 * write. Seconds are counted from the first refusal after a quiet one, so that no timer runs while
 * nothing is refused.
 */
export class RefusalLog {
  readonly #logger: Logger
  readonly #metrics: Metrics
  readonly #counts = new Map<string, Count>()
  #timer: NodeJS.Timeout | undefined

  constructor(logger: Logger, metrics: Metrics) {
    this.#logger = logger
    this.#metrics = metrics
  }

  refused(facts: RefusalFacts, error: GatewayError): void {
    this.#metrics.refused(error.token)
    const count = this.#count(error.token, networkOf(facts.client))
    count.refusals++
    if (count.refusals <= maxSingleLines) logRefused(this.#logger, facts, error)
  }

  /** Tells what has not been told yet, and stops counting. */
  close(): void {
    this.#endWindow()
  }

  #count(token: Token, network: string): Count {
    this.#timer ??= setTimeout(() => this.#endWindow(), windowMs).unref()
    const found = this.#counts.get(`${token} ${network}`)
    if (found !== undefined) return found
    const counted = this.#counts.size < maxNetworks ? network : 'other'
    const key = `${token} ${counted}`
    const count = this.#counts.get(key) ?? { token, network: counted, refusals: 0 }
    this.#counts.set(key, count)
    return count
  }

  #endWindow(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    for (const { token, network, refusals } of this.#counts.values()) {
      const untold = refusals - maxSingleLines
      if (untold > 0) logRefusalSum(this.#logger, token, network, untold)
    }
    this.#counts.clear()
  }
}
