import { Writable } from 'node:stream'
import { configFromObject } from '../../src/config/load.ts'
import { Gateway } from '../../src/gateway.ts'
import type { GatewayParts } from '../../src/gateway/parts.ts'
import { createLogger } from '../../src/observe/logger.ts'
import { Metrics } from '../../src/observe/metrics.ts'
import { fastPath } from './data-path.ts'

export type LogLine = Readonly<Record<string, unknown>> & { readonly msg: string }

/** What was logged, and a way to wait for a line. */
export class LogCapture {
  readonly lines: LogLine[] = []
  readonly #waiting = new Set<() => void>()
  readonly output = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      for (const line of chunk.toString().split('\n')) {
        if (line !== '') this.lines.push(JSON.parse(line) as LogLine)
      }
      for (const wake of this.#waiting) wake()
      this.#waiting.clear()
      done()
    },
  })

  /**
   * The first line, old or new, with this message and these fields.
   * @param from how many of the oldest do not count
   */
  async line(msg: string, fields: Record<string, unknown> = {}, from = 0): Promise<LogLine> {
    for (;;) {
      const found = this.lines.find(
        (line, at) =>
          at >= from &&
          line.msg === msg &&
          Object.entries(fields).every(([name, value]) => line[name] === value),
      )
      if (found !== undefined) return found
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve)
      })
    }
  }
}

export interface RunningGateway {
  readonly gateway: Gateway
  readonly log: LogCapture
  readonly metrics: Metrics
  /** The port of a listener; `edge` where none is named. */
  port(listener?: string): number
  stop(): void
}

/** Starts a gateway in this process, from a configuration as it would stand in a file. */
export async function startGateway(
  input: Record<string, unknown>,
  parts: Partial<GatewayParts> = {},
): Promise<RunningGateway> {
  const { config } = await configFromObject(input, { folder: process.cwd(), env: {} })
  const log = new LogCapture()
  const metrics = new Metrics()
  const logger = createLogger({ level: 'debug', format: 'json', output: log.output })
  const gateway = new Gateway(config, { logger, metrics, fastPath, ...parts })
  await gateway.start()
  return {
    gateway,
    log,
    metrics,
    port: (listener = 'edge') => {
      const port = gateway.addresses.get(listener)?.port
      if (port === undefined) throw new Error(`no port of ${listener}`)
      return port
    },
    stop: () => gateway.destroy(),
  }
}

/** The smallest configuration: one plain listener, one upstream, everything proxied. */
export function proxyTo(
  server: string,
  more: Record<string, unknown> = {},
): Record<string, unknown> {
  return {
    listeners: { edge: { bind: '127.0.0.1:0' } },
    upstreams: { app: { servers: [server] } },
    routes: [{ name: 'main', proxy: 'app' }],
    ...more,
  }
}

/** The same for a bridge to a TCP backend. */
export function bridgeTo(
  server: string,
  more: Record<string, unknown> = {},
): Record<string, unknown> {
  return {
    listeners: { edge: { bind: '127.0.0.1:0' } },
    upstreams: { backend: { servers: [server] } },
    routes: [{ name: 'main', bridge: 'backend' }],
    ...more,
  }
}
