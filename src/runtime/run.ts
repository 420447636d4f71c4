import { Monitor } from '../admin/monitor.ts'
import type { Config } from '../config/config.ts'
import { Gateway } from '../gateway.ts'
import type { GatewayParts } from '../gateway/parts.ts'
import { createLogger, type Logger } from '../observe/logger.ts'
import { Metrics } from '../observe/metrics.ts'
import { fastPathOf } from './fast-path.ts'
import { Lifetime } from './lifetime.ts'

export interface RunOptions {
  readonly config: Config
  /** Certificates that are in no file: for TLS listeners whose configuration names none. */
  readonly certificates?: NonNullable<GatewayParts['certificates']>
  /** Left out: lines go to stdout, as the configuration says. */
  readonly logger?: Logger
  /** Called when a session has opened. */
  readonly sessionOpened?: () => void
  /** Called once clients can come in. `stop` ends the process as SIGTERM does, and logs why. */
  readonly ready?: (gateway: Gateway, stop: (why: string) => void) => void
}

/**
 * Serves until the process is told to stop.
 * @returns the exit code
 * @throws {Error} with one line, where it cannot start
 */
export async function run(options: RunOptions): Promise<number> {
  const { config, certificates, sessionOpened, ready } = options
  const fastPath = fastPathOf(process.env['DRAWBRIDGE_FAST_PATH'])
  const logger = options.logger ?? createLogger({ ...config.log, output: process.stdout })
  const metrics = new Metrics()
  const gateway = new Gateway(config, {
    logger,
    metrics,
    ...(certificates !== undefined && { certificates }),
    ...(fastPath !== undefined && { fastPath }),
    ...(sessionOpened !== undefined && { sessionOpened }),
  })
  const lifetime = new Lifetime(gateway, logger)
  const unready = () => lifetime.unready
  const monitor =
    config.monitor && new Monitor({ bind: config.monitor.bind, metrics, logger, unready })
  try {
    // First, so that a probe learns that the process lives while certificates are read.
    await monitor?.start()
    await gateway.start()
    lifetime.started()
    ready?.(gateway, (why) => lifetime.stop({ why }))
    return await lifetime.exitCode
  } finally {
    gateway.destroy()
    await monitor?.stop()
    lifetime.end()
  }
}
