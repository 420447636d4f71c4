import type { EjectionConfig } from '../../config/settled/health.ts'

/**
 * When a server that cannot be connected to, time after time, is taken out, and for how long (what
 * others call passive checks, or outlier detection). It comes back on probation: the next failure
 * takes it out again. Each time is twice the one before, up to the maximum, unless it has been back
 * for as long as it was out.
 */
export class Ejection {
  readonly #config: EjectionConfig
  #out = false
  /** Since the last connect, or the last ejection. */
  #failures = 0
  #probation = false
  /** How long it was out, or is. */
  #outMs = 0
  #backAt = -Infinity

  constructor(config: EjectionConfig) {
    this.#config = config
  }

  get out(): boolean {
    return this.#out
  }

  /** It could not be connected to. @returns for how long it is out from now on, where it is */
  failed(now: number): number | undefined {
    if (this.#out) return undefined
    this.#failures++
    if (this.#failures < (this.#probation ? 1 : this.#config.after)) return undefined
    const again = this.#probation || now < this.#backAt + this.#outMs
    this.#outMs = Math.min(again ? this.#outMs * 2 : this.#config.time, this.#config.max)
    this.#out = true
    this.#failures = 0
    return this.#outMs
  }

  /** It was connected to: for all that is known it can be. */
  connected(now: number): void {
    if (this.#out) this.end(now)
    this.#failures = 0
    this.#probation = false
  }

  /** Another configuration was there so far. */
  goOnFrom(before: Ejection): void {
    this.#out = before.#out
    this.#failures = before.#failures
    this.#probation = before.#probation
    this.#outMs = before.#outMs
    this.#backAt = before.#backAt
  }

  /** Its time is over, which proves nothing yet. */
  end(now: number): void {
    this.#out = false
    this.#probation = true
    this.#backAt = now
  }
}
