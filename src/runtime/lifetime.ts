import type { Gateway } from '../gateway.ts'
import type { LogFields } from '../observe/log-value.ts'
import type { Logger } from '../observe/logger.ts'
import { exitFlushed } from './output.ts'
import { handleSignals } from './signals.ts'

/**
 * What happens to the process, turned into what the gateway does: from `starting` through `serving`
 * and `draining` to an exit code.
 */
export class Lifetime {
  readonly exitCode: Promise<number>
  readonly #gateway: Gateway
  readonly #logger: Logger
  readonly #forgetSignals: () => void
  #state: 'starting' | 'serving' | 'draining' = 'starting'
  #crashed = false
  #exit: (exitCode: number) => void = () => undefined

  constructor(gateway: Gateway, logger: Logger) {
    this.#gateway = gateway
    this.#logger = logger
    this.exitCode = new Promise((resolve) => {
      this.#exit = resolve
    })
    this.#forgetSignals = handleSignals({
      stop: (signal) => this.stop({ signal }),
      abandon: () => process.exit(1),
      reload: () => this.#reload(),
      crashed: (error) => this.#crash(error),
    })
  }

  /** Why new clients should go elsewhere; undefined while they are welcome. */
  get unready(): string | undefined {
    return this.#state === 'serving' ? undefined : this.#state
  }

  started(): void {
    this.#state = 'serving'
  }

  /** Listens to the process no longer. */
  end(): void {
    this.#forgetSignals()
  }

  /** Ends in good order. @param why a field or two for the log */
  stop(why: LogFields): void {
    // Nobody is served yet, so there is nothing to bring to an end.
    if (this.#state === 'starting') {
      exitFlushed(0)
      return
    }
    this.#logger.info(why, 'draining')
    this.#drain()
  }

  #crash(error: unknown): void {
    this.#logger.fatal({ err: error }, 'uncaught exception')
    this.#crashed = true
    if (this.#state === 'starting') exitFlushed(1)
    else this.#drain()
  }

  #drain(): void {
    if (this.#state === 'draining') return
    this.#state = 'draining'
    this.#gateway.drain().then(
      () => this.#exit(this.#crashed ? 1 : 0),
      (error: unknown) => {
        this.#logger.fatal({ err: error }, 'drain failed')
        this.#exit(1)
      },
    )
  }

  #reload(): void {
    this.#gateway.reloadCertificates().catch((error: unknown) => {
      this.#logger.error({ err: error }, 'certificates not reloaded')
    })
  }
}
