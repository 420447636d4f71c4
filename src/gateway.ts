import type { Revocation } from './auth/revocation.ts'
import type { Config } from './config/config.ts'
import { longestDurationMs } from './config/duration.ts'
import { GatewayError } from './errors.ts'
import { Listeners } from './gateway/listeners.ts'
import type { GatewayParts } from './gateway/parts.ts'
import { Serving } from './gateway/serving.ts'
import { buildStages } from './gateway/stages.ts'
import type { BuiltStages } from './gateway/stages.ts'
import type { BoundAddress } from './listener/bind.ts'
import { logDataPath } from './observe/connection-record.ts'
import type { Logger } from './observe/logger.ts'
import type { SessionKind } from './observe/metrics.ts'
import { RefusalLog } from './observe/refusal-log.ts'
import { choosePorts, plainPorts } from './relay/port/choose-ports.ts'
import type { MemberMode } from './upstream/member.ts'

/**
 * The composition root: turns a configuration into stages and listeners, starts them, and takes
 * them down again.
 */
export class Gateway {
  readonly #config: Config
  readonly #parts: GatewayParts
  readonly #logger: Logger
  readonly #refusals: RefusalLog
  readonly #serving: Serving
  readonly #built: BuiltStages
  readonly #listeners: Listeners
  #ports = plainPorts
  #draining = false

  /** @throws {Error} one line that says which file of credentials or keys cannot be used */
  constructor(config: Config, parts: GatewayParts) {
    const { logger, metrics } = parts
    this.#config = config
    this.#parts = parts
    this.#logger = logger
    this.#refusals = new RefusalLog(logger, metrics)
    this.#serving = new Serving(logger)
    this.#built = buildStages(config, parts, {
      refusals: this.#refusals,
      ports: () => this.#ports,
      follow: (ended) => this.#serving.follow(ended),
      draining: () => this.#draining,
    })
    const { stages, pools } = this.#built
    this.#listeners = new Listeners(config, parts, stages, this.#serving)
    metrics.expect({
      listeners: Object.keys(config.listeners),
      routes: config.routes.flatMap(({ name, action: { kind } }) =>
        kind === 'proxy' || kind === 'bridge' ? [{ name, kind: sessionKind(kind) }] : [],
      ),
    })
    metrics.collect.push(() => {
      for (const record of stages.sessions.values()) record.report()
      metrics.upstreams([...pools.values()].map((pool) => pool.report()))
      this.#listeners.report()
    })
  }

  /** Where each listener listens, once started. */
  get addresses(): ReadonlyMap<string, BoundAddress> {
    return this.#listeners.addresses
  }

  get draining(): boolean {
    return this.#draining
  }

  /** Requests and sessions: how many there are now, and how many there have been. */
  get activity(): { readonly active: number; readonly begun: number } {
    return this.#serving.activity
  }

  /**
   * Listens everywhere.
   * @throws {Error} one line that says what is in the way; nothing listens then
   */
  async start(): Promise<void> {
    const { sweep } = this.#built.stages
    sweep.start()
    // Memory is known before the first upgrade.
    sweep.tick(performance.now())
    this.#ports = await choosePorts(this.#parts.fastPath)
    logDataPath(this.#logger, this.#ports.path)
    try {
      await this.#listeners.start()
    } catch (error) {
      this.destroy()
      throw error
    }
  }

  /**
   * Reads every listener's certificates again, and the authorities of client certificates. Where
   * one is broken the old ones stay in use, all of them, and that is told. Never rejects.
   */
  async reloadCertificates(): Promise<void> {
    await this.#listeners.reloadCertificates()
  }

  /**
   * Accepts nothing more, lets requests finish and closes every session with 1001, all within
   * `timeouts.closing`. Shortly before its end, requests that have no answer yet get their 503, and
   * what is left then is destroyed. Resolves when everything has ended and been told of.
   */
  async drain(): Promise<void> {
    if (this.#draining) return
    this.#draining = true
    const accepted = this.#listeners.drain()
    const reason = new GatewayError('draining', 'the gateway is shutting down')
    for (const session of this.#built.stages.sessions.keys()) session.close(reason)
    // A session ends with its upstream's socket, which may be after its client's.
    const ended = accepted.then(() => this.#serving.allOver())
    const closing = Math.min(this.#config.timeouts.closing, longestDurationMs)
    const answerBy = Math.max(closing - 500, closing * 0.8)
    const destroyBy = Math.max(closing - 100, closing * 0.9)
    if (!(await settles(ended, answerBy))) {
      this.#listeners.abort(reason)
      await settles(ended, destroyBy - answerBy)
    }
    this.destroy()
    // What is still not over by then will never be, and must not keep the process.
    await settles(ended, closing - destroyBy)
    this.#refusals.close()
  }

  /**
   * Accepts nothing more, and lets requests and sessions end by themselves. Resolves when they
   * have.
   */
  async close(): Promise<void> {
    await this.#listeners.drain()
    await this.#serving.allOver()
  }

  /**
   * Ends the sessions that a revocation names with 3000 `session-revoked`, and refuses their
   * credentials from now on: until they would expire anyway, or until this process ends where they
   * never do. Of a subject, tokens that say they were issued later (`iat`) are good again.
   * @returns how many sessions were ended
   * @throws {TypeError} where it does not name exactly one thing
   */
  revoke(revocation: Revocation): number {
    const sessions = this.#built.stages.logins.revoke(revocation)
    const [by] = Object.keys(revocation).filter((key) => key !== 'authenticator')
    this.#logger.info({ by, sessions }, 'revoked')
    return sessions
  }

  /**
   * What a server of an upstream is to get from now on: what is new, what is bound to it by a
   * cookie (`drain`), nothing (`maintenance`). It holds until the next word or the end of the
   * process.
   * @param server a URL as the configuration writes it, or one address of it as the metrics name it
   * @returns false where there is no such upstream or server
   */
  setServerMode(upstream: string, server: string, mode: MemberMode): boolean {
    const known = this.#built.pools.get(upstream)?.setMode(server, mode) ?? false
    if (known) this.#logger.info({ upstream, server, mode }, 'server mode')
    return known
  }

  /** Ends everything at once. */
  destroy(): void {
    const { stages, authenticators, pools, targets } = this.#built
    this.#draining = true
    authenticators.close()
    this.#listeners.destroy()
    for (const pool of pools.values()) pool.destroy()
    for (const dialer of targets) dialer.close()
    this.#refusals.close()
    stages.sweep.stop()
  }
}

function sessionKind(action: 'proxy' | 'bridge'): SessionKind {
  return action === 'proxy' ? 'websocket' : 'bridge'
}

/** @returns whether `promise` resolves in this time */
async function settles(promise: Promise<unknown>, ms: number): Promise<boolean> {
  const late = Promise.withResolvers<false>()
  const timer = setTimeout(() => late.resolve(false), ms)
  const first = await Promise.race([promise.then(() => true), late.promise])
  clearTimeout(timer)
  return first
}
