import { request as httpRequest } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Server } from '../config/server-url.ts'
import { longestDurationMs } from '../config/duration.ts'
import { keepAliveDelayMs, maxHeadBytes } from '../config/fixed-limits.ts'
import { GatewayError } from '../errors.ts'
import { checkAnswerHead, maxInterimAnswers } from './answer-head.ts'
import { AnsweredSocket } from './answered-socket.ts'
import { freshKey, handshakeRequest } from './handshake-request.ts'
import { readSwitchingHead } from './switching-head.ts'
import type { UpstreamAnswer, VerifiedWebSocket, WebSocketOffer } from './upstream.ts'
import { verifyHandshake } from './verify-handshake.ts'

export interface HandshakeOptions {
  /** For the whole head of the answer. */
  readonly handshakeMs: number
  readonly signal: AbortSignal
}

/**
 * Opens a WebSocket on a socket that `connect` made, whose only user it is. What a 101 must say is
 * checked here. The socket comes back paused, with early frames in front and no listener but that
 * of `connect`, or it has been destroyed.
 * @throws {GatewayError} `upstream-handshake`, `upstream-invalid`, `upstream-lost`,
 * `upstream-timeout`; the signal's reason
 */
export function shakeHands(
  socket: Socket,
  server: Server,
  offer: WebSocketOffer,
  options: HandshakeOptions,
): Promise<VerifiedWebSocket | UpstreamAnswer> {
  return new Promise((resolve, reject) => {
    const { signal } = options
    if (signal.aborted) {
      socket.destroy()
      reject(signal.reason)
      return
    }
    new Handshake(socket, server, offer, options, resolve, reject).start()
  })
}

/** One opening handshake, until there is an answer to it. */
class Handshake {
  readonly #socket: Socket
  readonly #server: Server
  readonly #offer: WebSocketOffer
  readonly #signal: AbortSignal
  readonly #resolve: (dialed: VerifiedWebSocket | UpstreamAnswer) => void
  readonly #reject: (reason: unknown) => void
  readonly #key = freshKey()
  readonly #timer: NodeJS.Timeout
  /** Of an answer whose head is not whole. */
  #begin: Buffer | undefined

  constructor(
    socket: Socket,
    server: Server,
    offer: WebSocketOffer,
    { handshakeMs, signal }: HandshakeOptions,
    resolve: (dialed: VerifiedWebSocket | UpstreamAnswer) => void,
    reject: (reason: unknown) => void,
  ) {
    this.#socket = socket
    this.#server = server
    this.#offer = offer
    this.#signal = signal
    this.#resolve = resolve
    this.#reject = reject
    this.#timer = setTimeout(
      () => this.#fail(this.#error('upstream-timeout', `no answer in ${handshakeMs} ms`)),
      Math.min(handshakeMs, longestDurationMs),
    )
  }

  start(): void {
    this.#signal.addEventListener('abort', this.#abort)
    this.#socket.on('close', this.#lost)
    try {
      const head = handshakeRequest(this.#offer, this.#key)
      this.#socket.on('data', this.#read).on('end', this.#lost)
      this.#socket.write(head, 'latin1')
    } catch (error) {
      this.#fail(error)
    }
  }

  readonly #read = (chunk: Buffer): void => {
    const bytes = this.#begin === undefined ? chunk : Buffer.concat([this.#begin, chunk])
    const head = readSwitchingHead(bytes)
    if (head === 'partial') {
      this.#begin = bytes
      return
    }
    this.#socket.off('data', this.#read).off('end', this.#lost)
    this.#socket.pause()
    if (head === 'other') this.#parse(bytes)
    else this.#switch('1.1', head.headers, bytes.subarray(head.end))
  }

  #switch(version: string, headers: readonly string[], early: Buffer): void {
    try {
      const { protocol, extensions } = verifyHandshake(version, headers, this.#key, this.#offer)
      this.#settle()
      if (early.length > 0) this.#socket.unshift(early)
      const { deflate, header } = extensions
      this.#resolve({
        kind: 'websocket',
        socket: this.#socket,
        server: this.#server.url,
        protocol,
        extensions: header,
        deflate,
      })
    } catch (error) {
      this.#fail(error)
    }
  }

  /**
   * Node's client decides on everything that is no plain 101: interim answers, what is malformed,
   * and answers with a body, which it decodes. undici's `upgrade` hides those.
   */
  #parse(begin: Buffer): void {
    const answered = new AnsweredSocket(this.#socket, begin)
    const request = httpRequest({
      createConnection: () => answered,
      method: 'GET',
      path: '/',
      headers: ['Connection', 'Upgrade', 'Upgrade', 'websocket'],
      setHost: false,
      maxHeaderSize: maxHeadBytes,
      insecureHTTPParser: false,
    })
    // The default of 2,000 names and values drops the rest without a word; the head's size bounds
    // them.
    request.maxHeadersCount = 0
    let interim = 0
    request.on('information', () => {
      if (++interim > maxInterimAnswers) {
        const message = `over ${maxInterimAnswers} interim answers`
        this.#fail(this.#error('upstream-invalid', message))
      }
    })
    request.on('upgrade', (answer, _socket, early) => {
      const rest = answered.release()
      this.#switch(answer.httpVersion, answer.rawHeaders, Buffer.concat([early, ...rest]))
    })
    request.on('response', (answer) => {
      try {
        const { statusCode = 0 } = answer
        // A 101 without Upgrade and Connection is an answer like others to Node's parser.
        if (statusCode === 101) throw this.#error('upstream-handshake', 'the 101 upgrades nothing')
        checkAnswerHead(statusCode, answer.rawHeaders)
        this.#settle()
        this.#resolve(ownAnswer(answer, this.#socket, this.#server))
      } catch (error) {
        this.#fail(error)
      }
    })
    request.on('error', (error: NodeJS.ErrnoException) => {
      // Whatever the parser says is about the answer; the rest is about the socket.
      const invalid = error.code?.startsWith('HPE_') === true && !isCut(error)
      const token = invalid ? 'upstream-invalid' : 'upstream-lost'
      this.#fail(this.#error(token, error.message, error))
    })
    request.end()
  }

  #settle(): void {
    clearTimeout(this.#timer)
    this.#signal.removeEventListener('abort', this.#abort)
    this.#socket.off('close', this.#lost)
  }

  #fail(reason: unknown): void {
    this.#settle()
    this.#socket.destroy()
    this.#reject(reason)
  }

  #error(
    token: 'upstream-handshake' | 'upstream-invalid' | 'upstream-lost' | 'upstream-timeout',
    message: string,
    cause?: Error,
  ): GatewayError {
    const options = cause === undefined ? undefined : { cause }
    return new GatewayError(token, `${this.#server.url}: ${message}`, options)
  }

  readonly #abort = (): void => this.#fail(this.#signal.reason)

  readonly #lost = (): void => {
    const cause = this.#socket.errored ?? undefined
    const message = cause?.message ?? 'closed before a whole answer'
    this.#fail(this.#error('upstream-lost', message, cause))
  }
}

function ownAnswer(answer: IncomingMessage, socket: Socket, server: Server): UpstreamAnswer {
  // It was asked to become a WebSocket: nothing else is ever sent on it.
  answer.once('close', () => socket.destroy())
  // Its body may be silent for as long as it likes.
  socket.setKeepAlive(true, keepAliveDelayMs)
  return {
    kind: 'answer',
    server: server.url,
    status: answer.statusCode ?? 0,
    statusText: answer.statusMessage ?? '',
    headers: answer.rawHeaders,
    body: answer,
  }
}

/** A FIN inside a head is the parser's error too. */
function isCut(error: NodeJS.ErrnoException): boolean {
  return error.code === 'HPE_INVALID_EOF_STATE'
}
