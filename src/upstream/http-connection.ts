import type { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { Client } from 'undici'
import type { Server } from '../config/server-url.ts'
import { maxHeadBytes } from '../config/fixed-limits.ts'
import { GatewayError } from '../errors.ts'
import { AnswerClock } from './answer-clock.ts'
import { HttpExchange } from './http-exchange.ts'
import type { ExchangeConnection, ExchangeFailure, ExchangeOptions } from './http-exchange.ts'
import type { AnswerSink, HttpRequest } from './http-request.ts'
import { InterimFilter } from './interim-filter.ts'

/**
 * Below the 5 s after which many servers close: a kept connection is best given up by us. A
 * server's own word counts.
 */
const keepAliveMs = 4_000
const keepAliveMaxMs = 60_000

/** Written by the exchange, whatever the caller's lines say. */
const ownFields = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
])

export interface HttpConnectionEvents {
  /** Called once, when it is gone. */
  readonly closed: (connection: HttpConnection) => void
  /**
   * An answer came whole, and nobody knows yet: it may carry the next request, which comes as soon
   * as somebody does.
   */
  readonly free: (connection: HttpConnection) => void
}

/**
 * One kept-alive HTTP/1.1 connection, one request at a time. Each has an undici Client of its own
 * on a socket that `connect` made: so connecting, its deadline, its errors and the choice of
 * connection are the gateway's, and the parser, framing and the death of a connection with stray
 * bytes are undici's.
 */
export class HttpConnection {
  readonly server: Server
  readonly #socket: Socket
  readonly #client: Client
  readonly #interims: InterimFilter
  readonly #carries: ExchangeConnection
  #exchanges = 0
  /** What it carries is the last of it. */
  #isLast = false

  constructor(server: Server, socket: Socket, events: HttpConnectionEvents) {
    this.server = server
    this.#socket = socket
    this.#interims = new InterimFilter(socket)
    const clock = new AnswerClock()
    const free = (): void => {
      if (!this.#isLast) events.free(this)
    }
    this.#carries = { server: server.url, socket, clock, free }
    let taken = false
    // The scheme is http on TLS too: the socket is what it is, and for https undici would reconnect
    // when the Host changes.
    this.#client = new Client('http://upstream', {
      connect: (_options, callback) => {
        // A Client connects again after a loss; this one is its connection.
        const gone = taken || socket.destroyed
        taken = true
        queueMicrotask(() => {
          if (gone)
            callback(new GatewayError('upstream-lost', `${server.url}: closed while idle`), null)
          else callback(null, socket)
        })
      },
      pipelining: 1,
      keepAliveTimeout: keepAliveMs,
      keepAliveMaxTimeout: keepAliveMaxMs,
      maxHeaderSize: maxHeadBytes,
      headersTimeout: 0,
      bodyTimeout: 0,
      allowH2: false,
      useMilo: false,
    })
    // Undeclared in its types: a handler that throws where nothing may ends up here, or ends the
    // process.
    const emitter: EventEmitter = this.#client
    emitter.on('error', () => this.destroy())
    socket.once('close', () => {
      this.destroy()
      clock.end()
      events.closed(this)
    })
  }

  /** It has carried a request before. */
  get reused(): boolean {
    return this.#exchanges > 1
  }

  get usable(): boolean {
    return !this.#socket.destroyed && !this.#client.destroyed
  }

  /** @returns undefined once the answer came whole */
  exchange(
    request: HttpRequest,
    sink: AnswerSink,
    options: ExchangeOptions,
  ): Promise<ExchangeFailure | undefined> {
    this.#exchanges++
    this.#isLast = request.isLast ?? false
    const exchange = new HttpExchange(this.#carries, sink, options)
    this.#interims.arm(exchange)
    this.#client.dispatch(
      {
        method: request.method,
        path: request.target,
        headers: framed(request),
        body: request.body ?? null,
        reset: this.#isLast,
      },
      exchange,
    )
    return exchange.settled
  }

  /** Ends it, and with it what it is carrying. */
  destroy(reason?: GatewayError): void {
    const error = reason ?? new GatewayError('upstream-lost', `${this.server.url}: closed`)
    if (!this.#client.destroyed) this.#client.destroy(error, () => undefined)
    this.#socket.destroy()
  }
}

/**
 * The lines with our framing: undici writes the length it is given, and sends a body without one
 * chunked.
 */
function framed({ headers, body, contentLength }: HttpRequest): string[] {
  const lines: string[] = []
  for (let at = 0; at < headers.length; at += 2) {
    if (!ownFields.has(headers[at]!.toLowerCase())) lines.push(headers[at]!, headers[at + 1]!)
  }
  if (body !== undefined && contentLength !== undefined) {
    lines.push('Content-Length', String(contentLength))
  }
  return lines
}
