import type { Socket } from 'node:net'
import type { UpstreamConfig } from '../config/config.ts'
import type { Server } from '../config/server-url.ts'
import { GatewayError } from '../errors.ts'
import { withHost } from './authority.ts'
import { readClientTls } from './client-tls.ts'
import type { ClientTls } from './client-tls.ts'
import { connect } from './connect.ts'
import { shakeHands } from './dial-websocket.ts'
import { HttpConnection } from './http-connection.ts'
import type { AnswerSink, HttpRequest } from './http-request.ts'
import type { Resolver } from './resolve.ts'
import type { DialedTcp, DialedWebSocket, UpstreamAnswer, WebSocketOffer } from './upstream.ts'

export interface RequestOptions {
  /** How long bytes of the request's body may wait for an upstream that takes none of them. */
  readonly stallMs: number
  readonly signal: AbortSignal
}

/** Repeating these changes nothing at the server (RFC 9110 section 9.2.1). */
const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * The servers of one configured upstream, taken in turn. A server that cannot be connected to is
 * passed over for the next, each once; what has been written to one is never written to another.
 */
export class UpstreamPool {
  readonly #config: UpstreamConfig
  readonly #tls: ClientTls
  readonly #resolver: Resolver
  readonly #idle = new Map<Server, HttpConnection[]>()
  readonly #connections = new Set<HttpConnection>()
  #turn = 0
  #closing: (() => void) | undefined

  /** @throws where `tls.ca` cannot be read */
  constructor(config: UpstreamConfig, resolver: Resolver) {
    this.#config = config
    this.#tls = readClientTls(config.tls)
    this.#resolver = resolver
    for (const { server } of config.servers) this.#idle.set(server, [])
  }

  /** @throws {GatewayError} what `connect` and `shakeHands` throw */
  async dialWebSocket(
    offer: WebSocketOffer,
    signal: AbortSignal,
  ): Promise<DialedWebSocket | UpstreamAnswer> {
    const { socket, server } = await this.#connect(signal)
    const headers = withHost(offer.headers, server, this.#config.preserveHost)
    const handshakeMs = this.#config.timeouts.handshake
    return shakeHands(socket, server, { ...offer, headers }, { handshakeMs, signal })
  }

  /** @throws {GatewayError} what `connect` throws */
  async dialTcp(signal: AbortSignal): Promise<DialedTcp> {
    const { socket, server } = await this.#connect(signal)
    return { socket, server: server.url }
  }

  /**
   * Sends a request and hands its answer to `sink`. A request that a kept connection lost before a
   * byte of an answer came is sent once more, on a new connection, where that is harmless: nothing
   * of it was written, or it is safe and has no body.
   * @throws {GatewayError} `upstream-invalid`, `upstream-lost`, `upstream-timeout`, what `connect`
   * throws, what ended the body or the sink; the signal's reason
   */
  async request(
    request: HttpRequest,
    sink: AnswerSink,
    { stallMs, signal }: RequestOptions,
  ): Promise<void> {
    const options = { responseMs: this.#config.timeouts.response, stallMs, signal }
    const harmless = safeMethods.has(request.method) && request.body === undefined
    for (let again = false; ; again = true) {
      const connection = await this.#connectHttp(signal, again)
      const headers = withHost(request.headers, connection.server, this.#config.preserveHost)
      const failure = await connection.exchange({ ...request, headers }, sink, options)
      if (failure === undefined) {
        this.#keep(connection)
        return
      }
      connection.destroy()
      const repeatable = failure.unsent || (failure.unanswered && harmless)
      if (again || !connection.reused || !repeatable || signal.aborted) throw failure.error
    }
  }

  /**
   * Idle connections close at once, busy ones when their answer is done; resolves when none is
   * left.
   */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#closing = resolve
      for (const connections of this.#idle.values()) {
        for (const connection of connections.splice(0)) connection.destroy()
      }
      if (this.#connections.size === 0) resolve()
    })
  }

  /**
   * Ends everything that plain requests have open; sockets that were dialled belong to their
   * session.
   */
  destroy(): void {
    this.#closing ??= () => undefined
    const reason = new GatewayError('draining', 'the gateway is closing')
    for (const connection of this.#connections) connection.destroy(reason)
  }

  async #connectHttp(signal: AbortSignal, fresh: boolean): Promise<HttpConnection> {
    const first = this.#nextServer()
    const kept = fresh ? undefined : this.#idle.get(first)?.pop()
    if (kept !== undefined) return kept
    const { socket, server } = await this.#connect(signal, first)
    const connection = new HttpConnection(server, socket, (closed) => this.#forget(closed))
    this.#connections.add(connection)
    return connection
  }

  async #connect(
    signal: AbortSignal,
    first = this.#nextServer(),
  ): Promise<{ socket: Socket; server: Server }> {
    const { timeouts } = this.#config
    const servers = this.#config.servers.map(({ server }) => server)
    const options = {
      tls: this.#tls,
      resolver: this.#resolver,
      connectMs: timeouts.connect,
      signal,
    }
    let failure: unknown
    for (let tried = 0; tried < servers.length; tried++) {
      const server = servers[(servers.indexOf(first) + tried) % servers.length]!
      try {
        return { socket: await connect(server, options), server }
      } catch (error) {
        if (signal.aborted) throw error
        failure = error
      }
    }
    throw failure
  }

  #nextServer(): Server {
    const servers = this.#config.servers.map(({ server }) => server)
    const server = servers[this.#turn % servers.length]!
    this.#turn = (this.#turn + 1) % servers.length
    return server
  }

  #keep(connection: HttpConnection): void {
    if (this.#closing !== undefined) connection.destroy()
    else if (connection.usable) this.#idle.get(connection.server)?.push(connection)
  }

  #forget(connection: HttpConnection): void {
    this.#connections.delete(connection)
    const idle = this.#idle.get(connection.server)
    const at = idle?.indexOf(connection) ?? -1
    if (at >= 0) idle?.splice(at, 1)
    if (this.#connections.size === 0) this.#closing?.()
  }
}
