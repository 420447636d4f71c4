import type { Gateway } from '../../gateway.ts'

export interface EndingOptions {
  readonly runOnce: boolean
  /** Both in milliseconds, 0 for never. */
  readonly timeout: number
  readonly idleTimeout: number
}

/** How often an idle gateway is looked for. */
const lookMs = 250

/** When the process ends by itself: after one session, at a time, or when nothing happens. */
export class Endings {
  readonly #options: EndingOptions
  #close: (why: string) => void = () => undefined

  constructor(options: EndingOptions) {
    this.#options = options
  }

  /** Nobody comes in behind the one session. */
  readonly sessionOpened = (): void => {
    if (this.#options.runOnce) this.#close('run-once')
  }

  /** @param stop ends the process; what still lives is ended with it */
  readonly started = (gateway: Gateway, stop: (why: string) => void): void => {
    const { timeout, idleTimeout } = this.#options
    this.#close = (why) => void gateway.close().then(() => stop(why))
    if (timeout > 0) setTimeout(() => this.#close('timeout'), timeout).unref()
    if (idleTimeout > 0) watchIdle(gateway, idleTimeout, () => stop('idle-timeout'))
  }
}

/** Calls `idle` once nothing has been served for so long. */
function watchIdle(gateway: Gateway, ms: number, idle: () => void): void {
  let seen = gateway.activity.begun
  let since = performance.now()
  const timer = setInterval(() => {
    const { active, begun } = gateway.activity
    // What has come and gone between two looks counts too.
    if (active > 0 || begun !== seen) since = performance.now()
    seen = begun
    if (performance.now() - since < ms) return
    clearInterval(timer)
    idle()
  }, lookMs)
  timer.unref()
}
