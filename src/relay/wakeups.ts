/** What waits for a time that is too near for the sweep. */
export interface Sleeper {
  /** @returns whether it waits no longer */
  wake(now: number): boolean
  /** Its `wake` has thrown, which is a bug: it is not woken again, the others are. */
  crashed(thrown: unknown): void
}

/** How late a wait may end, in milliseconds. */
export const grainMs = 10

/**
 * Ends the pauses of throttled flows on time: one interval for all of them, that runs only while
 * somebody waits. The sweep is too coarse for that: at 250 ms a stream comes in bursts, and loses
 * what its bucket cannot hold.
 */
export class Wakeups {
  readonly #sleepers = new Set<Sleeper>()
  #timer: NodeJS.Timeout | undefined

  get size(): number {
    return this.#sleepers.size
  }

  add(sleeper: Sleeper): void {
    this.#sleepers.add(sleeper)
    this.#timer ??= setInterval(() => this.tick(performance.now()), grainMs).unref()
  }

  tick(now: number): void {
    for (const sleeper of this.#sleepers) {
      try {
        if (sleeper.wake(now)) this.#sleepers.delete(sleeper)
      } catch (thrown) {
        this.#sleepers.delete(sleeper)
        sleeper.crashed(thrown)
      }
    }
    if (this.#sleepers.size === 0) this.stop()
  }

  /** Wakes nobody any more. */
  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#sleepers.clear()
  }
}
