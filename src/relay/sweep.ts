import { Roster } from '../roster.ts'
import type { Entry } from '../roster.ts'
import { Wakeups } from './wakeups.ts'

/** What the sweep looks at. */
export interface Swept {
  /** @param now monotonic milliseconds */
  tick(now: number): void
  /** Its tick has thrown, which is a bug: it ends, the others go on. */
  crashed(thrown: unknown): void
  /** The sweep ends; nobody will look at its clocks any more. */
  destroy(): void
}

/**
 * The clocks of all sessions: one interval looks at every one of them, so that a session costs no
 * timer. Deadlines are met up to one interval late.
 */
export class Sweep {
  /** For what cannot wait for the next look. */
  readonly wakeups = new Wakeups()
  readonly #intervalMs: number
  readonly #swept = new Roster<Swept>()
  #timer: NodeJS.Timeout | undefined
  #look: NodeJS.Immediate | undefined

  constructor(intervalMs = 250) {
    this.#intervalMs = intervalMs
  }

  get size(): number {
    return this.#swept.size
  }

  add(swept: Swept): Entry<Swept> {
    return this.#swept.enter(swept)
  }

  /** @param entry what `add` has returned */
  delete(entry: Entry<Swept>): void {
    this.#swept.leave(entry)
  }

  start(): void {
    if (this.#timer !== undefined) return
    // Behind what other timers have written in this turn: until its end streams call that queued,
    // and what has been queued counts as taken by the peer.
    this.#timer = setInterval(() => {
      this.#look = setImmediate(() => this.tick(performance.now()))
    }, this.#intervalMs)
    // Sockets keep the process alive, clocks do not.
    this.#timer.unref()
  }

  /** Ends the interval and everything that is still looked at. */
  stop(): void {
    clearInterval(this.#timer)
    clearImmediate(this.#look)
    this.#timer = undefined
    this.wakeups.stop()
    this.#swept.forEach((swept) => swept.destroy())
  }

  tick(now: number): void {
    this.#swept.forEach((swept) => {
      try {
        swept.tick(now)
      } catch (thrown) {
        swept.crashed(thrown)
      }
    })
  }
}
