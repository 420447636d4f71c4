import { GatewayError } from '../../errors.ts'

/**
 * Looks at one server once. Resolves where it is as it has to be; what it rejects with says why it
 * is not. It ends when the signal is aborted, and leaves nothing open.
 */
export type Check = (signal: AbortSignal) => Promise<void>

export interface ScheduleOptions {
  /** From the beginning of a check to that of the next, in milliseconds; a tenth more or less. */
  readonly interval: number
  /** How long one may take. */
  readonly timeout: number
  /** From 0 to below 1. */
  readonly random: () => number
}

/** The first checks of servers that are watched from the same moment on are spread over so long. */
const spreadMs = 1_000

/**
 * Checks one server again and again, one check at a time, until it is stopped. Waits differ, so
 * that neither many servers nor many gateways fall into step.
 */
export class Schedule {
  readonly #check: Check
  readonly #options: ScheduleOptions
  readonly #told: (failure: Error | undefined) => void
  readonly #stopped = new AbortController()
  #timer: NodeJS.Timeout | undefined

  /** @param told called after each check, with why it failed where it did */
  constructor(check: Check, options: ScheduleOptions, told: (failure: Error | undefined) => void) {
    this.#check = check
    this.#options = options
    this.#told = told
    this.#wait(Math.min(options.interval, spreadMs) * options.random())
  }

  /** Ends the check in progress, of which nobody is told. */
  stop(): void {
    clearTimeout(this.#timer)
    this.#stopped.abort()
  }

  #wait(ms: number): void {
    this.#timer = setTimeout(() => void this.#run(), ms)
    // Sockets keep the process alive, clocks do not.
    this.#timer.unref()
  }

  async #run(): Promise<void> {
    const { interval, random } = this.#options
    const began = performance.now()
    const failure = await this.#outcome()
    if (this.#stopped.signal.aborted) return
    this.#told(failure)
    // Whoever was told may have stopped it.
    if (this.#stopped.signal.aborted) return
    const taken = performance.now() - began
    this.#wait(Math.max(0, interval * (0.9 + 0.2 * random()) - taken))
  }

  async #outcome(): Promise<Error | undefined> {
    const { timeout } = this.#options
    const controller = new AbortController()
    const end = (): void => controller.abort(this.#stopped.signal.reason)
    const late = new GatewayError('upstream-timeout', `not done in ${timeout} ms`)
    const timer = setTimeout(() => controller.abort(late), timeout)
    this.#stopped.signal.addEventListener('abort', end)
    try {
      await this.#check(controller.signal)
      return undefined
    } catch (thrown) {
      return thrown instanceof Error ? thrown : new Error(String(thrown))
    } finally {
      clearTimeout(timer)
      this.#stopped.signal.removeEventListener('abort', end)
    }
  }
}
