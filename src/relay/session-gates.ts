import type { RateLimit } from '../config/settled/limits.ts'
import { ControlGate } from './control-gate.ts'
import type { Side } from './ending.ts'
import { RateGate } from './rate-gate.ts'
import type { SessionOptions } from './session-options.ts'

/**
 * Makes what holds one session to its limits. Whichever side passes one that is only told of, it is
 * told of once.
 */
export class SessionGates {
  readonly #options: SessionOptions
  #told: Set<string> | undefined

  constructor(options: SessionOptions) {
    this.#options = options
  }

  control(from: Side): ControlGate {
    const { controlFrameRate } = this.#options.limits
    return new ControlGate(controlFrameRate, performance.now(), () =>
      this.#tell('controlFrameRate', from),
    )
  }

  /** @returns undefined where neither rate is limited: such a direction pays nothing */
  rate(from: Side): RateGate | undefined {
    const { limits } = this.#options
    const direction = directionOf(from)
    const messageRate = limits.messageRate[direction]
    const byteRate = limits.byteRate[direction]
    if (!isLimited(messageRate) && !isLimited(byteRate)) return undefined
    const tell = (limit: string): void => this.#tell(limit, from)
    return new RateGate({ from, limits: { messageRate, byteRate }, tell, now: performance.now() })
  }

  /** The largest message of one side, and whom a larger one is told where it may pass. */
  message(from: Side): { maxMessageBytes: number; onBigMessage: (() => void) | undefined } {
    const { message, messageOver } = this.#options.limits
    const direction = directionOf(from)
    const passes = messageOver[direction] === 'log'
    return {
      maxMessageBytes: message[direction],
      onBigMessage: passes ? () => this.#tell('message', from) : undefined,
    }
  }

  #tell(limit: string, from: Side): void {
    this.#told ??= new Set()
    if (this.#told.has(limit)) return
    this.#told.add(limit)
    this.#options.onLimit?.(limit, from)
  }
}

function isLimited({ rate }: RateLimit): boolean {
  return rate.count !== Infinity
}

function directionOf(from: Side): 'fromClient' | 'fromUpstream' {
  return from === 'client' ? 'fromClient' : 'fromUpstream'
}
