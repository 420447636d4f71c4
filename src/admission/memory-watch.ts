import { GatewayError } from '../errors.ts'
import { availableMemory } from './memory-limit.ts'

/**
 * What `auto` leaves for everything that is not resident here: page cache, sockets' buffers,
 * neighbours.
 */
const autoShare = 0.85
/** Reading it costs some 30 us. */
const sampleMs = 1000

export interface MemoryContext {
  /** Bytes that this process holds. */
  readonly resident?: () => number
  /** Bytes that there are for it. */
  readonly available?: () => number
  /** Told of, once, where memory cannot be read. */
  readonly warn: (message: string) => void
}

/**
 * Watches resident memory, so that a gateway that is nearly out of it takes no new sessions instead
 * of losing all. Swept.
 */
export class MemoryWatch {
  readonly #limit: number
  readonly #resident: () => number
  readonly #warn: (message: string) => void
  #residentBytes = 0
  #sampledAt = -Infinity

  constructor(limit: 'auto' | number, context: MemoryContext) {
    const { available = availableMemory, resident = () => process.memoryUsage.rss() } = context
    this.#limit = limit === 'auto' ? Math.floor(available() * autoShare) : limit
    this.#resident = resident
    this.#warn = context.warn
  }

  /** @throws {GatewayError} `gateway-full` */
  check(): void {
    if (this.#residentBytes <= this.#limit) return
    const [held, limit] = [mebibytes(this.#residentBytes), mebibytes(this.#limit)]
    throw new GatewayError('gateway-full', `${held} of memory held, admission.memory is ${limit}`)
  }

  /** @param now monotonic milliseconds */
  tick(now: number): void {
    if (this.#limit === Infinity || now - this.#sampledAt < sampleMs) return
    this.#sampledAt = now
    this.#residentBytes = this.#resident()
  }

  /**
   * Memory cannot be read on this system. Refusing everybody for that would be worse than not
   * watching.
   */
  crashed(thrown: unknown): void {
    this.#residentBytes = 0
    this.#sampledAt = Infinity
    this.#warn(`resident memory cannot be read: ${String(thrown)}`)
  }

  destroy(): void {}
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`
}
