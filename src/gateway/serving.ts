import type { Logger } from '../observe/logger.ts'

/** Requests and sessions: how many there are, and when there are none. */
export class Serving {
  readonly #logger: Logger
  #active = 0
  #begun = 0
  /** Waits until there are none. */
  #idle: (() => void) | undefined

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** How many there are now, and how many requests there have been. */
  get activity(): { readonly active: number; readonly begun: number } {
    return { active: this.#active, begun: this.#begun }
  }

  /** @param served settles when the request is over; its session may live on */
  begin(served: Promise<void>): void {
    this.#begun++
    this.follow(served)
  }

  /** Waits for something that began as a request. */
  follow(served: Promise<void>): void {
    this.#active++
    served.then(this.#over, this.#lost)
  }

  /** Resolves when there are none: each is told of before it is over. */
  allOver(): Promise<void> {
    return new Promise((resolve) => {
      this.#idle = resolve
      if (this.#active === 0) resolve()
    })
  }

  readonly #over = (): void => {
    this.#active--
    if (this.#active === 0) this.#idle?.()
  }

  readonly #lost = (error: unknown): void => {
    this.#logger.error({ err: error }, 'a record was lost')
    this.#over()
  }
}
