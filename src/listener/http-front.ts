import { ServerResponse, createServer } from 'node:http'
import type { IncomingMessage, Server } from 'node:http'
import { Socket } from 'node:net'
import { closeLingering } from '../answer.ts'
import { longestDurationMs } from '../config/duration.ts'
import { keepAliveDelayMs, maxHeadBytes } from '../config/fixed-limits.ts'
import { GatewayError } from '../errors.ts'
import { listsToken } from '../websocket/token-list.ts'
import type { ClientConnection } from './client-connection.ts'
import { EarlyBytes } from './early-bytes.ts'
import type { Exchange, Takeover } from './exchange.ts'

export interface HttpFrontOptions {
  /** For every head but the first of a connection, whose deadline runs from accept. */
  readonly headMs: number
  /**
   * Of an idle connection, announced to the client in whole seconds. Infinity: none, and nothing is
   * announced.
   */
  readonly keepAliveMs: number
  /** Bytes held behind an upgrade request. */
  readonly earlyBytes: number
  /**
   * A connection that failed with no request to answer: bytes that are not HTTP, a head that is too
   * big or too slow.
   */
  readonly failed: (connection: ClientConnection, error: GatewayError) => void
}

const spokenBy = Symbol('client connection')

/**
 * A socket knows its connection by itself: a WeakMap, like a Set (see roster.ts), would keep those
 * that have left from the collector of the young generation.
 */
interface Spoken extends Socket {
  [spokenBy]?: ClientConnection | undefined
}

function connectionOn(socket: Spoken): ClientConnection | undefined {
  return socket[spokenBy]
}

/**
 * HTTP/1.1 on sockets that others accepted. Node parses, and decides nothing: heads, versions, Host
 * and upgrades are judged once, later, on the raw header lines.
 */
export class HttpFront {
  readonly #server: Server
  readonly #options: HttpFrontOptions
  /** Requests that offered an upgrade and are served as plain ones. */
  readonly #declined = new WeakSet<IncomingMessage>()

  constructor(options: HttpFrontOptions) {
    this.#options = options
    this.#server = createServer({
      insecureHTTPParser: false,
      // As Node counts them; the exact count is made on the raw headers.
      maxHeaderSize: maxHeadBytes,
      // The default drops what exceeds 2,000 names and values without a word; lines are counted
      // instead.
      requireHostHeader: false,
      headersTimeout: nodeTimeout(options.headMs),
      requestTimeout: 0,
      keepAliveTimeout: nodeTimeout(options.keepAliveMs),
      // By default Node waits a second longer than it says.
      keepAliveTimeoutBuffer: 0,
      // A request without a body has none to read, and its stream has ended before anybody asks: two
      // turns less for each.
      optimizeEmptyRequests: true,
      connectionsCheckingInterval: 250,
      shouldUpgradeCallback: (head) => {
        const taken = this.#takesOver(head)
        if (!taken) this.#declined.add(head)
        return taken
      },
    })
    this.#server.maxHeadersCount = 0
    this.#server.on('request', (head, response) => this.#arrived(head, response))
    this.#server.on('checkContinue', (head, response) => this.#arrived(head, response))
    this.#server.on('checkExpectation', (head, response) => this.#arrived(head, response))
    this.#server.on('upgrade', (head, _socket, early) => this.#upgrade(head, early))
    this.#server.on('connect', (head) => this.#connect(head))
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      // Typed as a Duplex; what comes out is what was put in by `take`.
      if (socket instanceof Socket) this.#failed(error, socket)
      else socket.destroy()
    })
    // A server that never listens starts its head deadlines only when this is emitted.
    this.#server.emit('listening')
  }

  take(connection: ClientConnection): void {
    const socket: Spoken = connection.socket
    socket[spokenBy] = connection
    this.#server.emit('connection', connection.socket)
  }

  close(): void {
    // It never listened, so its close() has nothing to call back about; it stops the deadline
    // checks.
    this.#server.close(() => undefined)
  }

  #takesOver(head: IncomingMessage): boolean {
    const connection = connectionOn(head.socket)
    return (
      connection !== undefined &&
      !connection.busy &&
      !connection.closing &&
      head.method === 'GET' &&
      head.httpVersion === '1.1' &&
      !announcesBody(head) &&
      asksForWebSocket(head)
    )
  }

  #arrived(head: IncomingMessage, response: ServerResponse): void {
    const connection = connectionOn(head.socket)
    if (connection === undefined) {
      head.socket.destroy()
    } else if (connection.busy && asksForWebSocket(head)) {
      // An upgrade behind an unanswered request: a 101 there would be written into the earlier
      // answer's stream.
      connection.finish()
    } else {
      // Behind such a request Node's parser drops the rest of the read without a word: what comes
      // next could be the middle of another request.
      if (this.#declined.has(head)) response.shouldKeepAlive = false
      connection.offer({ connection, head, response, takeover: undefined })
    }
  }

  #upgrade(head: IncomingMessage, early: Buffer): void {
    const { socket } = head
    const connection = connectionOn(socket)
    if (connection === undefined) {
      socket.destroy()
      return
    }
    socket.setTimeout(0)
    const held = new EarlyBytes(socket, early, this.#options.earlyBytes)
    const taken = (): void => {
      const spoken: Spoken = socket
      spoken[spokenBy] = undefined
      connection.give()
    }
    connection.offer(new UpgradeExchange(connection, head, held, taken))
  }

  /** Node has let go of the socket, as with an upgrade; the request is refused further on. */
  #connect(head: IncomingMessage): void {
    const { socket } = head
    const connection = connectionOn(socket)
    if (connection === undefined) {
      socket.destroy()
    } else if (connection.busy) {
      connection.finish()
    } else {
      const response = answerOn(head, socket, () => undefined)
      connection.offer({ connection, head, response, takeover: undefined })
    }
  }

  #failed(error: NodeJS.ErrnoException, socket: Socket): void {
    const connection = connectionOn(socket)
    if (connection === undefined || socket.destroyed) {
      socket.destroy()
    } else if (error.code === 'ECONNRESET' || error.code === 'EPIPE') {
      connection.destroy(new GatewayError('client-lost', 'the client has gone'))
    } else if (connection.busy) {
      connection.breakOff(meaningOf(error))
    } else if (!connection.closing) {
      const meaning = meaningOf(error)
      connection.abort(meaning)
      this.#options.failed(connection, meaning)
    }
  }
}

/** An upgrade, which is taken over or answered. */
class UpgradeExchange implements Exchange, Takeover {
  readonly connection: ClientConnection
  readonly head: IncomingMessage
  readonly #held: EarlyBytes
  readonly #taken: () => void
  #response: ServerResponse | undefined

  /** @param taken called when the socket is given away */
  constructor(
    connection: ClientConnection,
    head: IncomingMessage,
    held: EarlyBytes,
    taken: () => void,
  ) {
    this.connection = connection
    this.head = head
    this.#held = held
    this.#taken = taken
  }

  get takeover(): Takeover {
    return this
  }

  get response(): ServerResponse {
    if (this.#response === undefined) {
      this.#response = answerOn(this.head, this.connection.socket, () => this.#held.discard())
      this.#response.once('close', () => this.connection.done(this))
      this.connection.socket.setKeepAlive(true, keepAliveDelayMs)
    }
    return this.#response
  }

  accept(text: string): void {
    this.#taken()
    this.#held.release()
    this.connection.socket.write(text, 'latin1')
  }
}

/** A response on a socket that Node's HTTP server has let go of. It is the connection's last. */
function answerOn(head: IncomingMessage, socket: Socket, finished: () => void): ServerResponse {
  const response = new ServerResponse(head)
  response.shouldKeepAlive = false
  response.assignSocket(socket)
  const drain = (): void => {
    response.emit('drain')
  }
  const finish = (): void => {
    socket.off('drain', drain)
    response.detachSocket(socket)
    finished()
    closeLingering(socket)
  }
  socket.on('drain', drain)
  response.once('finish', finish)
  return response
}

// On the raw lines, which are there already: Node makes `headers` of them when they are first asked
// for, and the rest of an upgrade does not need those.

function asksForWebSocket({ rawHeaders }: IncomingMessage): boolean {
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    if (isNamed(rawHeaders[at]!, 'upgrade') && listsToken([rawHeaders[at + 1]!], 'websocket'))
      return true
  }
  return false
}

function announcesBody({ rawHeaders }: IncomingMessage): boolean {
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!
    if (isNamed(name, 'transfer-encoding')) return true
    if (isNamed(name, 'content-length') && Number(rawHeaders[at + 1]) !== 0) return true
  }
  return false
}

/** The length decides for nearly all of them. @param lower in lower case */
function isNamed(name: string, lower: string): boolean {
  return name.length === lower.length && name.toLowerCase() === lower
}

function meaningOf(error: NodeJS.ErrnoException): GatewayError {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return new GatewayError('head-too-big', 'the head is over 16 KiB', { cause: error })
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new GatewayError('head-timeout', 'the head did not come in time', { cause: error })
    default:
      return new GatewayError('request-malformed', `not HTTP/1.1: ${error.message}`, {
        cause: error,
      })
  }
}

/** Node's own timeouts are 0 for none, and overflow beyond 2^31 - 1. */
function nodeTimeout(ms: number): number {
  return ms > longestDurationMs ? 0 : ms
}
