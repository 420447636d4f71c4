import { GatewayError } from '../errors.ts'
import type { Logger } from './logger.ts'

/** A server that is marked down or ejected, or is up again. */
export interface ServerChange {
  readonly up: boolean
  /** Constant words. */
  readonly reason: string
  /** What the last check or connect failed with. */
  readonly error?: Error
  /** How long it is out, where it was ejected. */
  readonly outMs?: number
}

export function logServerChange(
  logger: Logger,
  where: { readonly upstream: string; readonly server: string },
  { up, reason, error, outMs }: ServerChange,
): void {
  if (up) {
    logger.info({ ...where, reason }, 'server up')
    return
  }
  const token = error instanceof GatewayError ? error.token : undefined
  logger.warn({ ...where, reason, error: token, detail: error?.message, outMs }, 'server down')
}

/** Health decides nothing for this upstream from now on, or it does again. */
export function logPanic(
  logger: Logger,
  upstream: string,
  on: boolean,
  count: { readonly up: number; readonly ready: number },
): void {
  if (on) logger.warn({ upstream, ...count }, 'panic, all servers are used')
  else logger.info({ upstream, ...count }, 'panic is over')
}
