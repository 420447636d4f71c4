import { createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { canonicalAddress } from '../config/address.ts'
import type { BindAddress } from '../config/bind-address.ts'
import { longestDurationMs } from '../config/duration.ts'
import { GatewayError } from '../errors.ts'
import { unixAddress } from '../peer.ts'
import type { Peer } from '../peer.ts'
import type { Endpoints } from '../proxy-protocol/endpoints.ts'
import { listenOn } from './bind.ts'
import type { BoundAddress } from './bind.ts'
import { ClientConnection } from './client-connection.ts'
import type { Exchange } from './exchange.ts'
import { awaitFirstByte } from './first-byte.ts'
import { HttpFront } from './http-front.ts'
import { readProxyHeader } from './proxy-header.ts'
import type { TlsContexts } from './tls-context.ts'
import { TlsFront } from './tls-front.ts'

/** What admission says of an accepted socket. */
export interface Entry {
  /** Gives the place back; called once, when the socket has closed or has another place. */
  readonly release: () => void
  /** Why it may not come in: it is told so after its head, and nothing else is done for it. */
  readonly refusal: GatewayError | undefined
  /** Too many are being told so already: the socket is reset unanswered. */
  readonly reset: boolean
}

export interface ListenerOptions {
  readonly name: string
  readonly bind: BindAddress
  readonly timeouts: { readonly handshake: number; readonly keepAlive: number }
  /** Bytes held behind an upgrade request. */
  readonly earlyBytes: number
  /** Where TLS is ended: clients may also speak clear text, as their first byte says. */
  readonly clearTextToo?: boolean
  /** Proxies whose connections begin with a PROXY header; nobody else's do. */
  readonly announcers?: { has(address: string): boolean }
  /** @param isCounted whether it is one client, and counts as such: a proxy stands for many */
  readonly admit: (peer: Peer, isCounted: boolean) => Entry
  /** One request; it never rejects. */
  readonly serve: (exchange: Exchange) => void
  /** A connection that failed with no request to answer. */
  readonly failed: (connection: ClientConnection, error: GatewayError) => void
  /**
   * A connection that ended before HTTP, with what was proved so far: a handshake that stalled, or
   * lacked a certificate, or no PROXY header where there has to be one.
   */
  readonly stalled: (listener: string, peer: Peer, error: GatewayError) => void
  /** Node could not accept a connection, and goes on. */
  readonly acceptFailed: (error: unknown) => void
  /** A TLS handshake that failed, or TLS that broke later. */
  readonly tlsFailed: (error: unknown) => void
}

/** An accepted socket, from accept to close. */
interface Visit {
  readonly socket: Socket
  /**
   * Runs from accept, over the PROXY header, TLS and the first head; the connection's as soon as
   * there is one.
   */
  deadline: NodeJS.Timeout | undefined
  /** Who it is: the socket's peer, or whom that has announced. */
  peer: Peer
  entry: Entry
  /** Once TLS, if any, is through. */
  connection: ClientConnection | undefined
}

/**
 * Accepts connections for one bind address: net.Server, then a PROXY header from whoever has to
 * send one, then TLS where configured, then HTTP. Each layer gets its sockets from the one before.
 */
export class Listener {
  readonly name: string
  readonly #options: ListenerOptions
  readonly #server: Server
  readonly #front: HttpFront
  readonly #tls: TlsFront | undefined
  readonly #visits = new Set<Visit>()

  constructor(options: ListenerOptions, tls: TlsContexts | undefined) {
    this.name = options.name
    this.#options = options
    this.#tls =
      tls &&
      new TlsFront(tls, {
        turnedAway: (peer, error) => options.stalled(this.name, peer, error),
        failed: options.tlsFailed,
      })
    this.#front = new HttpFront({
      headMs: options.timeouts.handshake,
      keepAliveMs: ownClock(options.timeouts.keepAlive) ? Infinity : options.timeouts.keepAlive,
      earlyBytes: options.earlyBytes,
      failed: options.failed,
    })
    // Half-open: after the 101 a FIN of one side must not end the other. Nagle would hold small
    // frames back.
    this.#server = createServer({
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: 60_000,
    })
    this.#server.on('connection', (socket) => this.#accept(socket))
  }

  /**
   * Listens.
   * @returns the address that was bound; a port of 0 is the port that was found
   * @throws {Error} one line that says what is in the way
   */
  async start(): Promise<BoundAddress> {
    const bound = await listenOn(this.#server, this.#options.bind, `listener ${this.name}`)
    this.#server.on('error', (error) => this.#options.acceptFailed(error))
    return bound
  }

  /** Connections from now on use these certificates; those that live keep theirs. */
  replaceTls(contexts: TlsContexts): void {
    this.#tls?.replace(contexts)
  }

  /**
   * Accepts nothing more; idle connections are closed, requests in progress are the last of theirs.
   * @returns a promise that resolves once every connection has closed, those of sessions included
   */
  drain(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#server.close(() => resolve())
    for (const visit of this.#visits) {
      if (visit.connection === undefined) visit.socket.destroy()
      else visit.connection.finish()
    }
    return promise
  }

  /** Ends requests that are being served; those without an answer yet get the reason as theirs. */
  abort(reason: GatewayError): void {
    for (const { connection } of this.#visits)
      if (connection?.busy === true) connection.abort(reason)
  }

  /** Accepted sockets that are open. */
  get open(): number {
    return this.#visits.size
  }

  /** Ends everything at once. */
  destroy(): void {
    this.#server.close()
    this.#front.close()
    for (const visit of this.#visits) visit.socket.destroy()
  }

  #accept(socket: Socket): void {
    // Before anything else: a socket without this listener takes the process with it.
    socket.on('error', () => undefined)
    const peer = peerOf(socket)
    if (peer === undefined) {
      socket.destroy()
      return
    }
    const announces = this.#options.announcers?.has(peer.address) === true
    const entry = this.#options.admit(peer, !announces)
    if (entry.reset) {
      entry.release()
      socket.resetAndDestroy()
      return
    }
    const deadline = setTimeout(
      () => this.#isLate(visit),
      Math.min(this.#options.timeouts.handshake, longestDurationMs),
    )
    const visit: Visit = { socket, deadline, peer, entry, connection: undefined }
    this.#visits.add(visit)
    socket.on('close', () => {
      clearTimeout(visit.deadline)
      this.#visits.delete(visit)
      visit.entry.release()
    })
    if (!announces) {
      this.#speak(visit)
      return
    }
    readProxyHeader(socket, {
      read: (endpoints) => {
        if (endpoints !== undefined && !this.#announce(visit, endpoints)) return
        this.#speak(visit)
      },
      refused: (error) => {
        this.#options.stalled(this.name, peer, error)
        socket.resetAndDestroy()
      },
    })
  }

  /**
   * From now on the connection is the client's that a proxy has announced, and counts as such.
   * @returns false where it was reset, for the client had too many
   */
  #announce(visit: Visit, { source, destination }: Endpoints): boolean {
    visit.peer = {
      ...visit.peer,
      address: canonicalAddress(source.address) ?? source.address,
      port: source.port,
      destination,
    }
    visit.entry.release()
    visit.entry = this.#options.admit(visit.peer, true)
    if (visit.entry.reset) visit.socket.resetAndDestroy()
    return !visit.entry.reset
  }

  #isLate(visit: Visit): void {
    const error = new GatewayError('head-timeout', 'no whole request head in time')
    if (visit.connection === undefined) {
      this.#options.stalled(this.name, visit.peer, error)
      visit.socket.destroy()
    } else {
      visit.connection.abort(error)
      this.#options.failed(visit.connection, error)
    }
  }

  /** TLS where it is spoken, then HTTP. */
  #speak(visit: Visit): void {
    const { socket, peer, entry } = visit
    const { keepAlive } = this.#options.timeouts
    const idleMs = ownClock(keepAlive) ? keepAlive : Infinity
    const { refusal } = entry
    const ready = (spoken: Socket, proven: Peer): void => {
      const { deadline } = visit
      const connection = new ClientConnection(
        { listener: this.name, peer: proven, socket: spoken, refusal, deadline, idleMs },
        this.#options.serve,
      )
      visit.connection = connection
      visit.deadline = undefined
      this.#front.take(connection)
    }
    const tls = this.#tls
    if (tls === undefined) {
      ready(socket, peer)
    } else if (this.#options.clearTextToo) {
      awaitFirstByte(socket, (opensTls) => {
        if (opensTls) tls.take(socket, peer, ready)
        else ready(socket, peer)
      })
    } else {
      tls.take(socket, peer, ready)
    }
  }
}

/**
 * Whether idle connections have a clock of ours. Below a second Node would announce `Keep-Alive:
 * timeout=0`, which some clients take for no limit at all, and go on using connections that are
 * being closed.
 */
function ownClock(keepAliveMs: number): boolean {
  return keepAliveMs < 1_000
}

function peerOf(socket: Socket): Peer | undefined {
  const { remoteAddress, remotePort } = socket
  if (remoteAddress !== undefined) {
    const address = canonicalAddress(remoteAddress)
    if (address === undefined) return undefined
    return { address, port: remotePort, encrypted: false, servername: undefined }
  }
  // A TCP socket without an address was reset before it was looked at; one on a unix socket never
  // has one.
  const local = socket.localAddress
  if (local !== undefined || socket.destroyed) return undefined
  return { address: unixAddress, port: undefined, encrypted: false, servername: undefined }
}
