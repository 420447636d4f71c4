import type { Socket } from 'node:net'
import { closeLingering } from '../answer.ts'
import { keepAliveDelayMs } from '../config/fixed-limits.ts'
import type { Connection } from '../connection.ts'
import { GatewayError } from '../errors.ts'
import type { Peer } from '../peer.ts'
import type { Exchange } from './exchange.ts'

/**
 * So many requests may wait before nothing more is read: what one read holds comes on top. Where
 * nothing is read, a client that leaves is not noticed.
 */
const mostWaiting = 16

/**
 * One connection and its requests, served one at a time. Node emits every pipelined request of one
 * read, paused or not, so the queue is ours.
 */
export class ClientConnection implements Connection {
  readonly listener: string
  readonly peer: Peer
  readonly socket: Socket
  readonly refusal: GatewayError | undefined
  /** Made for the first who asks for it. */
  #controller: AbortController | undefined
  #reason: GatewayError | undefined
  readonly #serve: (exchange: Exchange) => void
  #deadline: NodeJS.Timeout | undefined
  readonly #idleMs: number
  readonly #queue: Exchange[] = []
  #current: Exchange | undefined
  /** No request that comes from now on is served. */
  #closing = false
  /** Why the body of the last request will never be whole. */
  #broken: GatewayError | undefined
  /** The socket belongs to a session. */
  #taken = false

  constructor(
    facts: {
      listener: string
      peer: Peer
      socket: Socket
      refusal: GatewayError | undefined
      /** Runs from accept, over TLS and the first head. */
      deadline: NodeJS.Timeout | undefined
      /**
       * How long the socket may rest between two requests; Infinity where that is not for us to see
       * to.
       */
      idleMs: number
    },
    serve: (exchange: Exchange) => void,
  ) {
    this.listener = facts.listener
    this.peer = facts.peer
    this.socket = facts.socket
    this.refusal = facts.refusal
    this.#deadline = facts.deadline
    this.#idleMs = facts.idleMs
    this.#serve = serve
    // Before an answer a FIN means that the client has gone; afterwards Node's HTTP server sees to
    // it.
    this.socket.on('close', this.#closed).on('end', this.#ended)
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#reason !== undefined) this.#controller.abort(this.#reason)
    return this.#controller.signal
  }

  /** A request is being answered, or waits for its turn. */
  get busy(): boolean {
    return this.#current !== undefined && !this.#taken
  }

  get closing(): boolean {
    return this.#closing
  }

  /** Serves a request, after those that came before it. */
  offer(exchange: Exchange): void {
    this.#ranInTime()
    if (this.#idleMs !== Infinity) this.socket.setTimeout(0)
    if (this.#closing) return
    if (this.#current === undefined) {
      this.#run(exchange)
      return
    }
    this.#queue.push(exchange)
    if (this.#queue.length !== mostWaiting) return
    this.socket.off('resume', this.#resumed).on('resume', this.#resumed)
    this.socket.pause()
  }

  /**
   * The socket has become a session's: it is not counted as HTTP any more, and what it was needed
   * for as such is let go. The signal was the request's; a session sees for itself when its client
   * leaves.
   */
  give(): void {
    this.#taken = true
    this.#closing = true
    this.#current = undefined
    this.#queue.length = 0
    this.#controller = undefined
    this.socket.off('end', this.#ended).off('close', this.#closed).off('resume', this.#resumed)
  }

  /** The exchange is over: its answer has gone out, or can not. */
  done(exchange: Exchange): void {
    if (this.#current === exchange) this.#next(exchange.response)
  }

  /**
   * What is being answered is finished with `Connection: close`; an idle connection is closed at
   * once.
   */
  finish(): void {
    if (this.#closing) return
    this.#closing = true
    const last = this.#queue.at(-1) ?? this.#current
    if (last === undefined) this.socket.destroySoon()
    else if (last.takeover === undefined && !last.response.headersSent)
      last.response.shouldKeepAlive = false
  }

  /**
   * What comes now is not HTTP. Requests that are whole are answered yet; one whose body it stands in
   * gets the reason when it is its turn.
   */
  breakOff(reason: GatewayError): void {
    const last = this.#queue.at(-1) ?? this.#current
    if (last === undefined || last.head.complete) {
      this.finish()
    } else if (last === this.#current) {
      this.abort(reason)
    } else {
      this.#closing = true
      this.#broken = reason
    }
  }

  /**
   * Ends the request being served, so that its upstream is let go. The reason decides the answer,
   * where one can still go out.
   */
  abort(reason: GatewayError): void {
    this.#closing = true
    this.#ranInTime()
    this.#reason ??= reason
    this.#controller?.abort(reason)
  }

  destroy(reason: GatewayError): void {
    this.abort(reason)
    this.socket.destroy()
  }

  #run(exchange: Exchange): void {
    this.#current = exchange
    if (this.#broken !== undefined && this.#queue.length === 0) this.abort(this.#broken)
    // An upgrade has a response only where one is needed; it is the connection's last anyway, and
    // whoever makes it says when it is done.
    if (exchange.takeover === undefined) {
      if (this.#closing && this.#queue.length === 0) exchange.response.shouldKeepAlive = false
      exchange.response.on('close', () => this.done(exchange))
      // While an answer waits for something to say, no clock of ours sees that the client is gone.
      this.socket.setKeepAlive(true, keepAliveDelayMs)
    }
    this.#serve(exchange)
  }

  #next(response: Exchange['response']): void {
    this.#current = undefined
    if (!response.shouldKeepAlive) {
      // This was the last answer, as it said itself: whatever came behind its request is not to be
      // trusted, or not wanted.
      this.#closing = true
      this.#queue.length = 0
    }
    const next = this.#queue.shift()
    if (this.socket.destroyed || this.#taken) return
    if (next !== undefined) {
      this.#run(next)
    } else if (this.#closing) {
      closeLingering(this.socket)
    } else {
      // Node's HTTP server closes a socket that times out.
      if (this.#idleMs !== Infinity) this.socket.setTimeout(Math.max(this.#idleMs, 1))
      this.socket.resume()
    }
  }

  #ranInTime(): void {
    clearTimeout(this.#deadline)
    this.#deadline = undefined
  }

  /**
   * Node's server reads on whenever an answer has gone out, whoever paused the socket: a client would
   * fill the memory with requests, a whole read for each answer. It begins to read when it hears
   * 'resume', and stops at 'pause' alone.
   */
  readonly #resumed = (): void => {
    if (this.#queue.length < mostWaiting) return
    if (this.socket.isPaused()) this.socket.emit('pause')
    else this.socket.pause()
  }

  readonly #closed = (): void => this.abort(new GatewayError('client-lost', 'the client has gone'))

  readonly #ended = (): void => {
    if (this.#current !== undefined)
      this.destroy(new GatewayError('client-lost', 'the client has gone'))
  }
}
