import type { RateLimit } from '../config/settled/limits.ts'
import { TokenBucket } from '../config/token-bucket.ts'

/**
 * What becomes of a control frame: `late` is passed, but its sender is to be paused until
 * `recovers`.
 */
export type Admission = 'pass' | 'late' | 'refuse'

/** The rate of one peer's pings and pongs. */
export class ControlGate {
  readonly #limit: RateLimit
  readonly #bucket: TokenBucket
  readonly #tell: () => void
  /** Frames that were let through ahead of their tokens. */
  #debt = 0

  /** @param tell called for every frame over a limit that is only told of */
  constructor(limit: RateLimit, now: number, tell: () => void) {
    this.#limit = limit
    this.#bucket = new TokenBucket(limit.rate, limit.burst, now)
    this.#tell = tell
  }

  admit(now: number): Admission {
    if (this.#debt === 0 && this.#bucket.take(now)) return 'pass'
    const { over } = this.#limit
    if (over === 'close') return 'refuse'
    if (over === 'log') {
      this.#tell()
      return 'pass'
    }
    // What was read together with it has come already and cannot be held back; it is paid for
    // afterwards.
    this.#debt++
    return 'late'
  }

  /** @returns whether everything has been paid for, so that the sender may go on */
  recovers(now: number): boolean {
    while (this.#debt > 0 && this.#bucket.take(now)) this.#debt--
    return this.#debt === 0
  }
}
