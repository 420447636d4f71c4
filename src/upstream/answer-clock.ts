import { longestDurationMs } from '../config/duration.ts'

/**
 * The deadline for the answers of one connection, which carries one exchange after the other. Its
 * timer is made once and put forward each time: to make one and to take it away costs four times as
 * much. It does not keep the process alive, which whoever waits for an answer does.
 */
export class AnswerClock {
  #timer: NodeJS.Timeout | undefined
  #ms = 0
  #late: (() => void) | undefined

  /** @param late called in so many milliseconds, unless the clock is stopped before */
  start(ms: number, late: () => void): void {
    this.#late = late
    if (this.#timer !== undefined && ms === this.#ms) {
      this.#timer.refresh()
      return
    }
    clearTimeout(this.#timer)
    this.#ms = ms
    this.#timer = setTimeout(this.#rung, Math.min(ms, longestDurationMs)).unref()
  }

  /** Where it runs, the whole time begins anew. */
  restart(): void {
    if (this.#late !== undefined) this.#timer?.refresh()
  }

  stop(): void {
    this.#late = undefined
  }

  /** Nothing of it is left. */
  end(): void {
    this.stop()
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  readonly #rung = (): void => {
    const late = this.#late
    this.#late = undefined
    late?.()
  }
}
