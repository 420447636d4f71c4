import { randomBytes } from 'node:crypto'
import { AddressRules } from './admission/addresses.ts'
import { Admission } from './admission/admission.ts'
import { LocalLedger } from './admission/local-ledger.ts'
import { LoginAttempts } from './admission/login-attempts.ts'
import { MemoryWatch } from './admission/memory-watch.ts'
import { openFilesLimit } from './admission/open-files.ts'
import { Authenticators } from './auth/build.ts'
import { Fingerprints } from './auth/fingerprint.ts'
import { Logins } from './auth/logins.ts'
import { PasswordChecks } from './auth/password-checks.ts'
import { Rechecks } from './auth/rechecks.ts'
import type { Revocation } from './auth/revocation.ts'
import { Revocations } from './auth/revocations.ts'
import { AddressSet } from './config/address-set.ts'
import type { BindAddress } from './config/bind-address.ts'
import type { Config } from './config/config.ts'
import type { TargetsConfig } from './config/settled/targets.ts'
import type { ListenerTls } from './config/settled/tls.ts'
import { longestDurationMs } from './config/duration.ts'
import { foldHeaderName } from './config/identity-header.ts'
import { GatewayError } from './errors.ts'
import { buildRoutes, ownEndpoints } from './gateway/routes.ts'
import { VisibleRefusals } from './handshake/visible-refusal.ts'
import type { BoundAddress } from './listener/bind.ts'
import { readClientAuthority } from './listener/client-certificate.ts'
import { TrustedProxies } from './listener/forwarded.ts'
import { Listener } from './listener/listener.ts'
import { TlsContexts, readPair } from './listener/tls-context.ts'
import type { CertificatePair } from './listener/tls-context.ts'
import { logDataPath, logListening } from './observe/connection-record.ts'
import type { Logger } from './observe/logger.ts'
import type { Metrics, SessionKind } from './observe/metrics.ts'
import { RefusalLog } from './observe/refusal-log.ts'
import { RequestRecord } from './observe/request-record.ts'
import { logPanic, logServerChange } from './observe/server-record.ts'
import type { SessionRecord } from './observe/session-record.ts'
import type { Peer } from './peer.ts'
import { serve, serveNothing } from './pipeline.ts'
import type { Stages } from './pipeline/stages.ts'
import { choosePorts, plainPorts } from './relay/port/choose-ports.ts'
import type { DataPath } from './relay/port/choose-ports.ts'
import type { Session } from './relay/session.ts'
import { Sweep } from './relay/sweep.ts'
import type { MemberMode } from './upstream/member.ts'
import { UpstreamPool } from './upstream/pool.ts'
import { Resolver } from './upstream/resolve.ts'
import type { NameResolver } from './upstream/resolve.ts'
import { buildLookup } from './upstream/targets/build-lookup.ts'
import { TargetDialer } from './upstream/targets/target-dialer.ts'

export interface GatewayParts {
  readonly logger: Logger
  readonly metrics: Metrics
  /**
   * For TLS listeners whose configuration names no certificate: pairs that live in memory alone.
   */
  readonly certificates?: readonly CertificatePair[]
  /** How far past Node's streams sessions may go; left out: as far as this Node is seen to carry. */
  readonly fastPath?: DataPath
  /** Left out: the hosts file and the DNS. */
  readonly resolver?: NameResolver
  /** Called when a session has opened. */
  readonly sessionOpened?: () => void
}

/**
 * The composition root: turns a configuration into stages and listeners, starts them, and takes
 * them down again.
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
  readonly #authenticators: Authenticators
  readonly #logins: Logins
  readonly #pools = new Map<string, UpstreamPool>()
  readonly #targets: TargetDialer[] = []
  readonly #listeners: Listener[] = []
  /** Requests and sessions that are not over. */
  #serving = 0
  /** Waits until there are none. */
  #served: (() => void) | undefined
  readonly #stages: Stages
  #ports = plainPorts
  #begun = 0
  #draining = false

  /** @throws {Error} one line that says which file of credentials or keys cannot be used */
  constructor(config: Config, parts: GatewayParts) {
    this.#config = config
    this.#parts = parts
    this.#logger = parts.logger
    this.#refusals = new RefusalLog(parts.logger, parts.metrics)
    const trust = new TrustedProxies(config.trustedProxies)
    const memory = new MemoryWatch(config.admission.memory, {
      warn: (detail) => this.#logger.warn({ detail }, 'memory not watched'),
    })
    this.#sweep.add(memory)
    const ledger = new LocalLedger()
    this.#admission = new Admission(config.admission, {
      ledger,
      limits: config.limits,
      memory,
      fileLimit: openFilesLimit(),
      trusted: trust,
      warn: (detail) => this.#logger.warn({ detail }, 'default limit not enforced'),
    })
    this.#authenticators = new Authenticators(config.authenticators, {
      fingerprints: new Fingerprints(),
      checks: new PasswordChecks(),
      attempts: new LoginAttempts(ledger),
      now: () => Date.now(),
      clock: () => performance.now(),
      warn: (authenticator, error) =>
        this.#logger.warn({ authenticator, detail: messageOf(error) }, 'authenticator'),
    })
    this.#logins = new Logins(
      new Revocations({
        now: () => Date.now(),
        asksAnew: (name) => config.authenticators[name]?.kind === 'forward',
        overflowed: () => this.#logger.warn({}, 'a revocation was forgotten before its time'),
      }),
    )
    const rechecks = new Rechecks({
      intervalMs: config.sessions.recheck,
      authenticators: this.#authenticators.all,
      warn: (detail) => this.#logger.warn({ detail }, 'recheck failed, the session goes on'),
    })
    this.#sweep.add(rechecks)
    const resolver = parts.resolver ?? new Resolver()
    for (const [name, upstream] of Object.entries(config.upstreams)) {
      const pool = new UpstreamPool(name, upstream, resolver, {
        serverChanged: (server, change) =>
          logServerChange(this.#logger, { upstream: name, server }, change),
        panicChanged: (on, count) => logPanic(this.#logger, name, on, count),
      })
      this.#pools.set(name, pool)
    }
    this.#stages = {
      trust,
      ...buildRoutes(config.routes, {
        pools: this.#pools,
        authenticators: this.#authenticators,
        targets: (targets) => this.#buildTargets(targets, resolver),
      }),
      endpoints: ownEndpoints(this.#authenticators),
      listeners: new Map(
        Object.entries(config.listeners).map(([name, { clients }]) => [
          name,
          new AddressRules(clients),
        ]),
      ),
      admission: this.#admission,
      identityHeaders: new Set(config.ownedHeaders.map(foldHeaderName)),
      logins: this.#logins,
      rechecks,
      logouts: this.#authenticators.logouts,
      graceMs: config.sessions.grace,
      visibleRefusals: new VisibleRefusals(),
      sessions: this.#sessions,
      sweep: this.#sweep,
      ports: () => this.#ports,
      sinks: { logger: parts.logger, metrics: parts.metrics, refusals: this.#refusals },
      nextId: idSource(),
      follow: (ended) => this.#follow(ended),
      draining: () => this.#draining,
      sessionOpened: parts.sessionOpened ?? (() => undefined),
    }
    parts.metrics.expect({
      listeners: Object.keys(config.listeners),
      routes: config.routes.flatMap(({ name, action: { kind } }) =>
        kind === 'proxy' || kind === 'bridge' ? [{ name, kind: sessionKind(kind) }] : [],
      ),
    })
    parts.metrics.collect.push(() => {
      for (const record of this.#sessions.values()) record.report()
      parts.metrics.upstreams([...this.#pools.values()].map((pool) => pool.report()))
      for (const listener of this.#listeners)
        parts.metrics.connectionsOpen(listener.name, listener.open)
    })
  }

  get draining(): boolean {
    return this.#draining
  }

  /** Requests and sessions: how many there are now, and how many there have been. */
  get activity(): { readonly active: number; readonly begun: number } {
    return { active: this.#serving, begun: this.#begun }
  }

  /**
   * Listens everywhere.
   * @throws {Error} one line that says what is in the way; nothing listens then
   */
  async start(): Promise<void> {
    this.#sweep.start()
    // Memory is known before the first upgrade.
    this.#sweep.tick(performance.now())
    this.#ports = await choosePorts(this.#parts.fastPath)
    logDataPath(this.#logger, this.#ports.path)
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

  /**
   * Reads every listener's certificates again, and the authorities of client certificates. Where
   * one is broken the old ones stay in use, all of them, and that is told. Never rejects.
   */
  async reloadCertificates(): Promise<void> {
    for (const listener of this.#listeners) {
      const tls = this.#config.listeners[listener.name]?.tls
      if (tls === undefined || namesNoFile(tls)) continue
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
   * Accepts nothing more, lets requests finish and closes every session with 1001, all within
   * `timeouts.closing`. Shortly before its end, requests that have no answer yet get their 503, and
   * what is left then is destroyed. Resolves when everything has ended and been told of.
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
    // What is still not over by then will never be, and must not keep the process.
    await settles(ended, closing - destroyBy)
    this.#refusals.close()
  }

  #follow(served: Promise<void>): void {
    this.#serving++
    served.then(this.#over, this.#lost)
  }

  readonly #over = (): void => {
    this.#serving--
    if (this.#serving === 0) this.#served?.()
  }

  readonly #lost = (error: unknown): void => {
    this.#logger.error({ err: error }, 'a record was lost')
    this.#over()
  }

  /**
   * Accepts nothing more, and lets requests and sessions end by themselves. Resolves when they
   * have.
   */
  async close(): Promise<void> {
    await Promise.all(this.#listeners.map((listener) => listener.drain()))
    await this.#allServed()
  }

  /** Requests and sessions alike: each is told of before it is over. */
  #allServed(): Promise<void> {
    return new Promise((resolve) => {
      this.#served = resolve
      if (this.#serving === 0) resolve()
    })
  }

  /**
   * Ends the sessions that a revocation names with 3000 `session-revoked`, and refuses their
   * credentials from now on: until they would expire anyway, or until this process ends where they
   * never do. Of a subject, tokens that say they were issued later (`iat`) are good again.
   * @returns how many sessions were ended
   * @throws {TypeError} where it does not name exactly one thing
   */
  revoke(revocation: Revocation): number {
    const sessions = this.#logins.revoke(revocation)
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
    const known = this.#pools.get(upstream)?.setMode(server, mode) ?? false
    if (known) this.#logger.info({ upstream, server, mode }, 'server mode')
    return known
  }

  /** Ends everything at once. */
  destroy(): void {
    this.#draining = true
    this.#authenticators.close()
    for (const listener of this.#listeners) listener.destroy()
    for (const pool of this.#pools.values()) pool.destroy()
    for (const targets of this.#targets) targets.close()
    this.#refusals.close()
    this.#sweep.stop()
  }

  #buildTargets(config: TargetsConfig, resolver: NameResolver): TargetDialer {
    const warn = (detail: string): void => this.#logger.warn({ detail }, 'targets')
    const targets = new TargetDialer(config, { lookup: buildLookup(config.lookup, warn), resolver })
    this.#targets.push(targets)
    return targets
  }

  #listener(name: string, bind: BindAddress, tls: TlsContexts | undefined): Listener {
    const { timeouts, limits } = this.#config
    return new Listener(
      {
        name,
        bind,
        timeouts,
        earlyBytes: limits.buffer,
        clearTextToo: this.#config.listeners[name]?.tls?.optional === true,
        announcers: new AddressSet(this.#config.listeners[name]?.proxyProtocolFrom ?? []),
        admit: (peer, isCounted) => {
          const entry = this.#admission.acquireConnection(peer, isCounted)
          if (entry.reset && entry.refusal !== undefined)
            this.#refusedUnheard(name, peer, entry.refusal)
          return entry
        },
        serve: (exchange) => {
          this.#begun += 1
          this.#follow(serve(exchange, this.#stages))
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
    const clients = tls.clientCertificate && (await readClientAuthority(tls.clientCertificate))
    const contexts = new TlsContexts(pairs, tls.minVersion, clients)
    for (const detail of contexts.warnings) this.#logger.warn({ listener, detail }, 'certificate')
    return contexts
  }
}

function sessionKind(action: 'proxy' | 'bridge'): SessionKind {
  return action === 'proxy' ? 'websocket' : 'bridge'
}

/**
 * Ids that name a request or a session in the log: unique in a process, and as good as unique among
 * many.
 */
function idSource(): () => string {
  const prefix = randomBytes(6).toString('base64url')
  let count = 0
  return () => `${prefix}-${(count++).toString(36)}`
}

function namesNoFile({ certificates, clientCertificate }: ListenerTls): boolean {
  return certificates.length === 0 && clientCertificate === undefined
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
