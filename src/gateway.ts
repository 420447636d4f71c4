import { randomBytes } from 'node:crypto'
import { AddressRules } from './admission/addresses.ts'
import { Admission } from './admission/admission.ts'
import { openFilesLimit } from './admission/open-files.ts'
import type { BindAddress } from './config/bind-address.ts'
import type { Config, ListenerTls, RouteConfig } from './config/config.ts'
import { longestDurationMs } from './config/duration.ts'
import { foldHeaderName } from './config/identity-header.ts'
import { GatewayError } from './errors.ts'
import { OriginRules } from './handshake/origin.ts'
import type { BoundAddress } from './listener/bind.ts'
import { TrustedProxies } from './listener/forwarded.ts'
import { Listener } from './listener/listener.ts'
import { TlsContexts, readPair } from './listener/tls-context.ts'
import type { CertificatePair } from './listener/tls-context.ts'
import { logListening } from './observe/connection-record.ts'
import type { Logger } from './observe/logger.ts'
import type { Metrics, SessionKind } from './observe/metrics.ts'
import { RefusalLog } from './observe/refusal-log.ts'
import { RequestRecord } from './observe/request-record.ts'
import type { SessionRecord } from './observe/session-record.ts'
import type { Peer } from './peer.ts'
import { serve, serveNothing } from './pipeline.ts'
import type { Action, Route, Stages } from './pipeline.ts'
import type { Session } from './relay/session.ts'
import { Sweep } from './relay/sweep.ts'
import { RouteTable } from './route/route-table.ts'
import { UpstreamPool } from './upstream/pool.ts'
import { Resolver } from './upstream/resolve.ts'

export interface GatewayParts {
  readonly logger: Logger
  readonly metrics: Metrics
  /** For TLS listeners whose configuration names no certificate: pairs that live in memory alone. */
  readonly certificates?: readonly CertificatePair[]
}

/**
 * The composition root: turns a configuration into stages and listeners, starts them, and takes them down again.
 */
export class Gateway {
  /** Where each listener listens, once started. */
  readonly addresses = new Map<string, BoundAddress>()
  readonly #config: Config
  readonly #parts: GatewayParts
  readonly #logger: Logger
  readonly #refusals: RefusalLog
  readonly #sessions = new Map<Session, SessionRecord>()
  readonly #sweep = new Sweep()
  readonly #admission: Admission
  readonly #pools = new Map<string, UpstreamPool>()
  readonly #listeners: Listener[] = []
  /** Requests and sessions that are not over. */
  readonly #serving = new Set<Promise<void>>()
  readonly #stages: Stages
  #draining = false

  constructor(config: Config, parts: GatewayParts) {
    this.#config = config
    this.#parts = parts
    this.#logger = parts.logger
    this.#refusals = new RefusalLog(parts.logger, parts.metrics)
    const trust = new TrustedProxies(config.trustedProxies)
    this.#admission = new Admission(config.admission, {
      fileLimit: openFilesLimit(),
      trusted: trust,
      warn: (detail) => this.#logger.warn({ detail }, 'default limit not enforced'),
    })
    const resolver = new Resolver()
    for (const [name, upstream] of Object.entries(config.upstreams)) {
      this.#pools.set(name, new UpstreamPool(upstream, resolver))
    }
    this.#stages = {
      trust,
      routes: this.#routes(),
      listeners: new Map(
        Object.entries(config.listeners).map(([name, { clients }]) => [
          name,
          new AddressRules(clients),
        ]),
      ),
      admission: this.#admission,
      identityHeaders: new Set(Object.keys(config.identity.headers).map(foldHeaderName)),
      sessions: this.#sessions,
      sweep: this.#sweep,
      sinks: { logger: parts.logger, metrics: parts.metrics, refusals: this.#refusals },
      nextId: idSource(),
      draining: () => this.#draining,
    }
    parts.metrics.expect({
      listeners: Object.keys(config.listeners),
      routes: config.routes.flatMap(({ name, action: { kind } }) =>
        kind === 'proxy' || kind === 'bridge' ? [{ name, kind: sessionKind(kind) }] : [],
      ),
    })
    parts.metrics.collect.push(() => {
      for (const record of this.#sessions.values()) record.report()
      for (const listener of this.#listeners)
        parts.metrics.connectionsOpen(listener.name, listener.open)
    })
  }

  get draining(): boolean {
    return this.#draining
  }

  /**
   * Listens everywhere.
   * @throws {Error} one line that says what is in the way; nothing listens then
   */
  async start(): Promise<void> {
    this.#sweep.start()
    try {
      for (const [name, { bind, tls }] of Object.entries(this.#config.listeners)) {
        const contexts = tls && (await this.#loadTls(name, tls))
        const listener = this.#listener(name, bind, contexts)
        this.#listeners.push(listener)
        this.addresses.set(name, await listener.start())
      }
    } catch (error) {
      this.destroy()
      throw error
    }
    for (const [name, address] of this.addresses) logListening(this.#logger, name, address)
  }

  /** Reads every listener's certificates again. A pair that is broken keeps the old ones in use, and is told. Never rejects. */
  async reloadCertificates(): Promise<void> {
    for (const listener of this.#listeners) {
      const tls = this.#config.listeners[listener.name]?.tls
      if (tls === undefined || tls.certificates.length === 0) continue
      try {
        const contexts = await this.#loadTls(listener.name, tls)
        if (contexts.outdated) throw new Error(contexts.warnings.join('; '))
        listener.replaceTls(contexts)
        this.#logger.info({ listener: listener.name }, 'certificates reloaded')
      } catch (error) {
        this.#logger.error(
          { listener: listener.name, detail: messageOf(error) },
          'certificates not reloaded, the old ones stay',
        )
      }
    }
  }

  /**
   * Accepts nothing more, lets requests finish and closes every session with 1001, all within `timeouts.closing`. Shortly
   * before its end, requests that have no answer yet get their 503, and what is left then is destroyed. Resolves when
   * everything has ended and been told of.
   */
  async drain(): Promise<void> {
    if (this.#draining) return
    this.#draining = true
    const accepted = Promise.all(this.#listeners.map((listener) => listener.drain()))
    const reason = new GatewayError('draining', 'the gateway is shutting down')
    for (const session of this.#sessions.keys()) session.close(reason)
    // A session ends with its upstream's socket, which may be after its client's.
    const ended = accepted.then(() => this.#allServed())
    const closing = Math.min(this.#config.timeouts.closing, longestDurationMs)
    const answerBy = Math.max(closing - 500, closing * 0.8)
    const destroyBy = Math.max(closing - 100, closing * 0.9)
    if (!(await settles(ended, answerBy))) {
      for (const listener of this.#listeners) listener.abort(reason)
      await settles(ended, destroyBy - answerBy)
    }
    this.destroy()
    await ended
    this.#refusals.close()
  }

  /** Requests and sessions alike: each is told of before its `serve` is over. */
  async #allServed(): Promise<void> {
    await Promise.all(this.#serving)
  }

  /** Ends everything at once. */
  destroy(): void {
    this.#draining = true
    for (const listener of this.#listeners) listener.destroy()
    for (const pool of this.#pools.values()) pool.destroy()
    this.#refusals.close()
    this.#sweep.stop()
  }

  #routes(): RouteTable<Route> {
    // The routes' own hosts are what an origin check may take for ours, so that the check needs the table it stands in.
    const knowsHost = (name: string): boolean => table.knowsHost(name)
    const table = new RouteTable(this.#config.routes.map((route) => this.#route(route, knowsHost)))
    return table
  }

  #route(config: RouteConfig, knowsHost: (name: string) => boolean): Route {
    const { name, match, limits, timeouts, compression } = config
    return {
      name,
      match,
      limits,
      timeouts,
      compression,
      clients: new AddressRules(config.clients),
      origins: new OriginRules(config, knowsHost),
      action: this.#action(config),
    }
  }

  #action({ action }: RouteConfig): Action {
    if (action.kind !== 'proxy' && action.kind !== 'bridge') return action
    const upstream = this.#pools.get(action.upstream)
    if (upstream === undefined) throw new Error(`no upstream ${action.upstream}`)
    return { ...action, upstream, upstreamName: action.upstream }
  }

  #listener(name: string, bind: BindAddress, tls: TlsContexts | undefined): Listener {
    const { timeouts, limits } = this.#config
    return new Listener(
      {
        name,
        bind,
        timeouts,
        earlyBytes: limits.buffer,
        admit: (peer) => {
          const entry = this.#admission.acquireConnection(peer)
          if (entry.reset && entry.refusal !== undefined)
            this.#refusedUnheard(name, peer, entry.refusal)
          return entry
        },
        serve: (exchange) => {
          const served = serve(exchange, this.#stages).finally(() => this.#serving.delete(served))
          this.#serving.add(served)
        },
        failed: (connection, error) => serveNothing(connection, error, this.#stages),
        stalled: (listener, peer, error) => this.#refusedUnheard(listener, peer, error),
        acceptFailed: (error) =>
          this.#logger.warn({ listener: name, detail: messageOf(error) }, 'accept failed'),
        tlsFailed: (error) => {
          this.#parts.metrics.tlsFailed(name)
          this.#logger.debug({ listener: name, detail: messageOf(error) }, 'tls failed')
        },
      },
      tls,
    )
  }

  /** A connection that was cut before a request could be answered. */
  #refusedUnheard(listener: string, peer: Peer, error: GatewayError): void {
    const id = this.#stages.nextId()
    new RequestRecord(this.#stages.sinks, { id, listener, peer: peer.address }).refused(
      undefined,
      error,
    )
  }

  async #loadTls(listener: string, tls: ListenerTls): Promise<TlsContexts> {
    const pairs =
      tls.certificates.length > 0
        ? await Promise.all(tls.certificates.map(readPair))
        : (this.#parts.certificates ?? [])
    const contexts = new TlsContexts(pairs, tls.minVersion)
    for (const detail of contexts.warnings) this.#logger.warn({ listener, detail }, 'certificate')
    return contexts
  }
}

function sessionKind(action: 'proxy' | 'bridge'): SessionKind {
  return action === 'proxy' ? 'websocket' : 'bridge'
}

/** Ids that name a request or a session in the log: unique in a process, and as good as unique among many. */
function idSource(): () => string {
  const prefix = randomBytes(6).toString('base64url')
  let count = 0
  return () => `${prefix}-${(count++).toString(36)}`
}

/** @returns whether `promise` resolves in this time */
async function settles(promise: Promise<unknown>, ms: number): Promise<boolean> {
  const late = Promise.withResolvers<false>()
  const timer = setTimeout(() => late.resolve(false), ms)
  const first = await Promise.race([promise.then(() => true), late.promise])
  clearTimeout(timer)
  return first
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
