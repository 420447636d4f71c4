import type { QueueConfig } from '../config/settled/upstreams.ts'
import { longestDurationMs } from '../config/duration.ts'
import { GatewayError } from '../errors.ts'

interface Waiter<T> {
  /** @returns undefined where there is still nothing for it. @throws where there never will be */
  readonly attempt: () => T | undefined
  readonly settle: (outcome: { readonly value: T } | { readonly reason: unknown }) => void
}

/** Those who wait for a place, first come, first served: so many, and each for so long. */
export class WaitingLine<T> {
  readonly #waiting = new Set<Waiter<T>>()
  #config: QueueConfig | undefined

  /** @param config undefined where nobody may wait */
  constructor(config: QueueConfig | undefined) {
    this.#config = config
  }

  get length(): number {
    return this.#waiting.size
  }

  /** For those who come from now on. */
  configure(config: QueueConfig | undefined): void {
    this.#config = config
  }

  /**
   * @param attempt tried by `serve`, until it has something
   * @throws {GatewayError} `upstream-unavailable` where there is no room, or no turn in time; what
   * `attempt` throws; the signal's reason
   */
  wait(attempt: () => T | undefined, signal: AbortSignal): Promise<T> {
    const config = this.#config
    if (config === undefined) return Promise.reject(unavailable('every server is full'))
    if (this.#waiting.size >= config.max) {
      return Promise.reject(unavailable(`every server is full, and ${config.max} wait already`))
    }
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason)
        return
      }
      const waiter: Waiter<T> = {
        attempt,
        settle: (outcome) => {
          this.#waiting.delete(waiter)
          clearTimeout(timer)
          signal.removeEventListener('abort', abort)
          if ('value' in outcome) resolve(outcome.value)
          else reject(outcome.reason)
        },
      }
      const abort = (): void => waiter.settle({ reason: signal.reason })
      const late = (): void =>
        waiter.settle({ reason: unavailable(`no place in ${config.timeout} ms`) })
      const timer = setTimeout(late, Math.min(config.timeout, longestDurationMs))
      signal.addEventListener('abort', abort)
      this.#waiting.add(waiter)
    })
  }

  /**
   * There may be something for those who wait: called whenever there may.
   * @param isSpare whether there is anything at all; asked after one who could use nothing of it
   */
  serve(isSpare: () => boolean): void {
    for (const waiter of this.#waiting) {
      try {
        const value = waiter.attempt()
        if (value !== undefined) waiter.settle({ value })
        // What one cannot use, somebody behind may.
        else if (!isSpare()) return
      } catch (reason) {
        waiter.settle({ reason })
      }
    }
  }

  /** Nobody waits any longer. */
  end(reason: GatewayError): void {
    for (const waiter of this.#waiting) waiter.settle({ reason })
  }
}

function unavailable(detail: string): GatewayError {
  return new GatewayError('upstream-unavailable', detail)
}
