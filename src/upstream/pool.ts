import type { Socket } from 'node:net'
import { keepAliveDelayMs } from '../config/fixed-limits.ts'
import type { UpstreamConfig } from '../config/settled/upstreams.ts'
import { GatewayError } from '../errors.ts'
import { withHost } from './authority.ts'
import type { PickFacts } from './balance/pick-facts.ts'
import { preludeFor } from './caller.ts'
import type { Caller } from './caller.ts'
import { readClientTls } from './client-tls.ts'
import type { ClientTls } from './client-tls.ts'
import { connect } from './connect.ts'
import type { ConnectOptions } from './connect.ts'
import { shakeHands } from './dial-websocket.ts'
import { discoverNames } from './discover-names.ts'
import { HealthWatch } from './health/health-watch.ts'
import type { HealthChange } from './health/member-watch.ts'
import { Panic } from './health/panic.ts'
import type { HttpConnection } from './http-connection.ts'
import { HttpConnections } from './http-connections.ts'
import type { AnswerSink, HttpRequest } from './http-request.ts'
import type { MemberLease } from './lease.ts'
import type { Member, MemberMode, MemberSettings } from './member.ts'
import { Members } from './members.ts'
import { Places } from './places.ts'
import type { Reached } from './places.ts'
import { untold } from './pool-events.ts'
import type { PoolEvents } from './pool-events.ts'
import type { PoolReport } from './pool-report.ts'
import { reportPool } from './pool-report.ts'
import type { NameResolver } from './resolve.ts'
import { settingCookie, withCookie } from './set-cookie.ts'
import type { DialedAnswer, DialedTcp, DialedWebSocket, WebSocketOffer } from './upstream.ts'

export interface RequestOptions {
  /** What the server is chosen by. */
  readonly facts: PickFacts
  /** How long bytes of the request's body may wait for an upstream that takes none of them. */
  readonly stallMs: number
  readonly signal: AbortSignal
}

/** Repeating these changes nothing at the server (RFC 9110 section 9.2.1). */
const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * The servers of one configured upstream. Whatever goes there takes a place on one of them first,
 * which counts until it is given back; where one cannot be connected to, further ones are tried.
 * What has been written to one is never written to another.
 */
export class UpstreamPool {
  /** In the configuration. */
  readonly name: string
  readonly #resolver: NameResolver
  readonly #events: PoolEvents
  readonly #panic: Panic
  readonly #members = new Members((member) => this.#health.watch(member))
  readonly #connections = new HttpConnections()
  readonly #places: Places
  /** What each configured server stands for. */
  readonly #found: (readonly MemberSettings[])[] = []
  #discoveries: (() => void)[] = []
  #config: UpstreamConfig
  #tls: ClientTls
  #health: HealthWatch

  /** @throws where `tls.ca` cannot be read */
  constructor(
    name: string,
    config: UpstreamConfig,
    resolver: NameResolver,
    events: PoolEvents = untold,
  ) {
    this.name = name
    this.#resolver = resolver
    this.#events = events
    this.#panic = new Panic(events.panicChanged)
    this.#places = new Places(name, config, this.#panic)
    this.#config = config
    this.#tls = readClientTls(config.tls)
    this.#health = this.#watchBy(config)
    this.#discover()
  }

  /**
   * Takes a place on a server and opens a WebSocket there. The lease of what it resolves with is
   * the caller's to release.
   * @throws {GatewayError} `upstream-unavailable`, what `connect` and `shakeHands` throw
   */
  async dialWebSocket(
    offer: WebSocketOffer,
    facts: PickFacts,
    signal: AbortSignal,
  ): Promise<DialedWebSocket | DialedAnswer> {
    const { lease, what: socket } = await this.#dial(facts, signal)
    try {
      const { server } = lease.member
      const { preserveHost, timeouts } = this.#config
      const headers = withHost(offer.headers, server, preserveHost)
      const named = headers === offer.headers ? offer : { ...offer, headers }
      const options = { handshakeMs: timeouts.handshake, signal }
      const dialed = await shakeHands(socket, server, named, options)
      const setCookie = this.#places.cookieFor(facts, lease)
      if (dialed.kind === 'answer') {
        const cookied = withCookie(dialed.headers, setCookie)
        return { ...dialed, server: lease.server, lease, headers: cookied }
      }
      const { kind, protocol, extensions, deflate } = dialed
      return {
        kind,
        socket,
        server: lease.server,
        lease,
        protocol,
        extensions,
        deflate,
        setCookie,
      }
    } catch (error) {
      lease.release()
      throw error
    }
  }

  /**
   * Takes a place on a server and connects to it. The lease is the caller's to release.
   * @throws {GatewayError} `upstream-unavailable`, what `connect` throws
   */
  async dialTcp(facts: PickFacts, signal: AbortSignal): Promise<DialedTcp> {
    const { lease, what: socket } = await this.#dial(facts, signal)
    const setCookie = this.#places.cookieFor(facts, lease)
    return { socket, server: lease.server, lease, setCookie }
  }

  /**
   * Sends a request and hands its answer to `sink`. A request that a kept connection lost before a
   * byte of an answer came is sent once more, on a new connection, where that is harmless: nothing
   * of it was written, or it is safe and has no body.
   * @throws {GatewayError} `upstream-unavailable`, `upstream-invalid`, `upstream-lost`,
   * `upstream-timeout`, what `connect` throws, what ended the body or the sink; the signal's reason
   */
  async request(
    request: HttpRequest,
    sink: AnswerSink,
    { facts, stallMs, signal }: RequestOptions,
  ): Promise<void> {
    const { preserveHost, timeouts } = this.#config
    const options = { responseMs: timeouts.response, stallMs, signal }
    const harmless = safeMethods.has(request.method) && request.body === undefined
    let lease: MemberLease | undefined
    try {
      for (let again = false; ; again = true) {
        const reached: Reached<HttpConnection> = await this.#places.reach(
          facts,
          signal,
          lease,
          (member) => this.#connectHttp(member, { facts, isFresh: again, signal }),
        )
        lease = reached.lease
        const connection = reached.what
        const { member } = lease
        const headers = withHost(request.headers, member.server, preserveHost)
        const failure = await connection.exchange(
          { ...request, headers, isLast: this.#isPersonal },
          settingCookie(sink, this.#places.cookieFor(facts, lease)),
          options,
        )
        if (failure === undefined) {
          if (this.#isPersonal) connection.destroy()
          return
        }
        connection.destroy()
        const repeatable = failure.unsent || (failure.unanswered && harmless)
        if (again || !connection.reused || !repeatable || signal.aborted) throw failure.error
      }
    } finally {
      lease?.release()
    }
  }

  /**
   * What an operator allows a server, until the next word or the end of the process; a reload does
   * not change it. Of a server in maintenance the sessions end where `onDown` says so.
   * @param server a URL as the configuration writes it, or one address of it as `report` names it
   * @returns false where this pool has no such server
   */
  setMode(server: string, mode: MemberMode): boolean {
    const changed = this.#members.setMode(server, mode)
    if (changed === undefined) return false
    for (const member of changed) {
      if (mode !== 'maintenance') continue
      this.#connections.drop(member)
      this.#closeSessions(member, 'is in maintenance')
    }
    this.#closeFailing()
    this.#places.serve()
    return true
  }

  /**
   * Goes on by another configuration. What servers of the old one and the new have in common is
   * kept: sessions and their count, modes, connections.
   * @throws where `tls.ca` cannot be read; then nothing has changed
   */
  reconfigure(config: UpstreamConfig): void {
    this.#tls = readClientTls(config.tls)
    const before = this.#members.withParted
    this.#config = config
    this.#places.configure(config)
    this.#health = this.#watchBy(config)
    this.#discover()
    this.#members.rewatch()
    const named = new Set(config.servers.map(({ server }) => server.url))
    for (const member of before) {
      // They were made with the settings of TLS that were.
      this.#connections.drop(member)
      if (!named.has(member.server.url)) this.#closeSessions(member, 'is no longer configured')
    }
  }

  /** Its servers as they are now. */
  report(): PoolReport {
    const { waiting } = this.#places
    return reportPool(this.name, this.#members.all, { waiting, panic: this.#panic.on })
  }

  /**
   * Idle connections close at once, busy ones when their answer is done; resolves when none is
   * left.
   */
  close(): Promise<void> {
    return this.#connections.close()
  }

  /**
   * Ends everything that plain requests have open; sockets that were dialled belong to their
   * session.
   */
  destroy(): void {
    const reason = new GatewayError('draining', 'the gateway is closing')
    for (const stop of this.#discoveries.splice(0)) stop()
    this.#members.stop()
    this.#places.end(reason)
    this.#connections.destroy(reason)
  }

  /** Asks what each configured server stands for, from now on. */
  #discover(): void {
    const before = this.#discoveries
    this.#discoveries = []
    this.#found.length = 0
    let complete = false
    const discover = discoverNames(this.#resolver)
    for (const [at, config] of this.#config.servers.entries()) {
      const stop = discover(config, (members) => {
        this.#found[at] = members
        if (complete) this.#replaceMembers()
      })
      this.#discoveries.push(stop)
    }
    complete = true
    for (const stop of before) stop()
    this.#replaceMembers()
  }

  #replaceMembers(): void {
    for (const member of this.#members.replace(this.#found.flat())) this.#connections.drop(member)
    this.#closeFailing()
    this.#places.know(this.#members.all)
  }

  #watchBy(config: UpstreamConfig): HealthWatch {
    return new HealthWatch(config, {
      // The schedule of the checks has a deadline for all of it.
      connect: (member, signal) =>
        connect(member.server, this.#connectOptions(member, undefined, Infinity, signal)),
      changed: (member, change) => this.#healthChanged(member, change),
      random: Math.random,
    })
  }

  #healthChanged(member: Member, change: HealthChange): void {
    this.#events.serverChanged(member.key, change)
    if (!change.up) this.#connections.drop(member)
    this.#closeFailing()
    this.#places.serve()
  }

  /**
   * Ends the sessions of servers that their checks hold down; not of ejected ones: one that takes no
   * new connections may be well to those it has. In a panic nobody knows which server is down: what
   * was let go on then is caught up with when it is over, whatever ended it.
   */
  #closeFailing(): void {
    const members = this.#members.all
    if (this.#panic.look(members, performance.now())) return
    for (const member of members) {
      if (member.health.failing) this.#closeSessions(member, 'is down')
    }
  }

  #dial(facts: PickFacts, signal: AbortSignal): Promise<Reached<Socket>> {
    return this.#places.reach(facts, signal, undefined, (member) =>
      this.#connect(member, facts, signal),
    )
  }

  /**
   * Connections begin with a header that names one client: none is kept for another's request, nor
   * for another login of the same one.
   */
  get #isPersonal(): boolean {
    return this.#config.sendProxyProtocol !== undefined
  }

  #connectHttp(
    member: Member,
    { facts, isFresh, signal }: { facts: PickFacts; isFresh: boolean; signal: AbortSignal },
  ): HttpConnection | Promise<HttpConnection> {
    const kept = isFresh || this.#isPersonal ? undefined : this.#connections.take(member)
    return kept ?? this.#openHttp(member, facts, signal)
  }

  async #openHttp(member: Member, facts: PickFacts, signal: AbortSignal): Promise<HttpConnection> {
    const shelf = this.#connections.shelf(member)
    const socket = await this.#connect(member, facts, signal)
    // An answer that has begun may be silent for as long as it likes.
    socket.setKeepAlive(true, keepAliveDelayMs)
    return this.#connections.open(member, socket, shelf)
  }

  async #connect(member: Member, { caller }: PickFacts, signal: AbortSignal): Promise<Socket> {
    const { timeouts } = this.#config
    // To the server a connection that waits for a request is one like any other.
    this.#connections.trim(member, member.maxConnections - member.live)
    try {
      const socket = await connect(
        member.server,
        this.#connectOptions(member, caller, timeouts.connect, signal),
      )
      member.health.connected(performance.now())
      return socket
    } catch (error) {
      if (!signal.aborted) {
        member.connectFailures++
        member.health.connectFailed(performance.now(), GatewayError.from(error))
      }
      throw error
    }
  }

  /** @param caller undefined where it is on the gateway's own behalf */
  #connectOptions(
    { addresses }: Member,
    caller: Caller | undefined,
    connectMs: number,
    signal: AbortSignal,
  ): ConnectOptions {
    const prelude = preludeFor(this.#config.sendProxyProtocol, caller)
    return {
      tls: this.#tls,
      addresses,
      resolver: this.#resolver,
      prelude,
      connectMs,
      signal,
    }
  }

  #closeSessions(member: Member, why: string): void {
    if (this.#config.onDown !== 'close') return
    const error = new GatewayError('upstream-removed', `${member.key} ${why}`)
    for (const lease of member.leases) lease.remove(error)
  }
}
