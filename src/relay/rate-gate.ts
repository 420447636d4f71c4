import type { RateLimit } from '../config/settled/limits.ts'
import type { GatewayError } from '../errors.ts'
import type { Allowance, Overdrawn } from '../websocket/allowance.ts'
import { violation } from '../websocket/frame-header.ts'
import type { Side } from './ending.ts'
import { grainMs } from './wakeups.ts'

export type RateLimitName = 'messageRate' | 'byteRate'

export interface RateGateOptions {
  readonly from: Side
  readonly limits: Readonly<Record<RateLimitName, RateLimit>>
  /** Called for a limit that is only told of, when it is passed. */
  readonly tell: (limit: RateLimitName) => void
  /** Monotonic milliseconds. */
  readonly now: number
}

/** A token bucket's constants; its tokens are the allowance. */
interface Filling {
  readonly perMs: number
  readonly burst: number
}

const unlimited: Filling = { perMs: 0, burst: Infinity }

/** Holds one direction of a session to its rates of messages and bytes. */
export class RateGate implements Allowance {
  messages: number
  bytes: number
  /** A limit was passed inside a frame: it ends the session once the frame has been let finish. */
  violation: GatewayError | undefined
  readonly #options: RateGateOptions
  #ofMessages: Filling
  #ofBytes: Filling
  #filledAt: number
  #waitsFor: 'message' | 'bytes' = 'message'

  constructor(options: RateGateOptions) {
    const { messageRate, byteRate } = options.limits
    this.#options = options
    this.#ofMessages = filling(messageRate)
    this.#ofBytes = filling(byteRate)
    this.messages = this.#ofMessages.burst
    this.bytes = this.#ofBytes.burst
    this.#filledAt = options.now
  }

  /** Fills up what time has given: once before a scan. */
  refresh(now: number): void {
    const elapsed = now - this.#filledAt
    if (elapsed <= 0) return
    this.#filledAt = now
    const { perMs, burst } = this.#ofMessages
    this.messages = Math.min(burst, this.messages + elapsed * perMs)
    this.bytes = Math.min(this.#ofBytes.burst, this.bytes + elapsed * this.#ofBytes.perMs)
  }

  /** @returns whether there is enough again of what was missing */
  ready(now: number): boolean {
    this.refresh(now)
    if (this.#waitsFor === 'message') return this.messages >= 1
    // One grain's worth, so that a stream does not go on in crumbs.
    const { perMs, burst } = this.#ofBytes
    return this.bytes >= Math.min(burst, Math.max(1, perMs * grainMs))
  }

  outOfMessages(): Overdrawn {
    switch (this.#options.limits.messageRate.over) {
      case 'throttle':
        this.#waitsFor = 'message'
        return 'wait'
      case 'close':
        throw this.#exceeded('messageRate')
      case 'log':
        // It is told of once, so that there is nothing left to count.
        this.#ofMessages = unlimited
        this.messages = Infinity
        this.#options.tell('messageRate')
        return 'go'
    }
  }

  outOfBytes(inside: boolean): Overdrawn {
    const { over } = this.#options.limits.byteRate
    if (over === 'throttle') {
      this.#waitsFor = 'bytes'
      return 'wait'
    }
    if (over === 'close' && !inside) throw this.#exceeded('byteRate')
    this.#ofBytes = unlimited
    this.bytes = Infinity
    if (over === 'close') {
      this.violation = this.#exceeded('byteRate')
      return 'finish'
    }
    this.#options.tell('byteRate')
    return 'go'
  }

  #exceeded(limit: RateLimitName): GatewayError {
    return violation(this.#options.from, 'rate-exceeded', 1008, `over limits.${limit}`)
  }
}

function filling({ rate, burst, over }: RateLimit): Filling {
  if (rate.count === Infinity) return unlimited
  const perMs = rate.count / rate.perMs
  // A pause may end a grain late: what a throttled stream could have carried meanwhile must not be
  // lost.
  return { perMs, burst: over === 'throttle' ? Math.max(burst, perMs * 2 * grainMs) : burst }
}
